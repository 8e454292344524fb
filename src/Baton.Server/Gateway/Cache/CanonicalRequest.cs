using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>
/// A request in a form in which those that mean the same are the same: without white space, texts as they read whatever their escapes, members in the order of their names where no model sees
/// their order. That is at the top, in messages and in the parts of their contents; schemas, tools and the arguments of calls keep theirs, as models write by it. Numbers stay as they are written.
/// </summary>
/// <param name="Bytes">Different for requests that differ in anything else.</param>
/// <param name="IsDeterministic">Whether it asks for the same answer every time: <c>temperature</c> 0, or a <c>seed</c>, and no tool that the provider itself runs; embeddings and counts always do.</param>
internal sealed record CanonicalRequest(ReadOnlyMemory<byte> Bytes, bool IsDeterministic)
{
    private const int MaxDepth = 256;

    /// <summary>What says who asks, or how a provider keeps its own cache, and nothing of the answer.</summary>
    private static readonly string[] Aside = ["user", "metadata", "safety_identifier", "prompt_cache_key", "prompt_cache_retention"];

    /// <summary>Members that make a request more than a question: it is kept by the provider, or goes on from what is.</summary>
    private static readonly string[] Effects = ["store", "background"], Continuations = ["previous_response_id", "conversation", "container"];

    private static readonly string[] Lists = ["messages", "input", "system", "content"];

    private static readonly string[] Outside = ["web_search_options", "mcp_servers", "search_parameters", "plugins"];

    /// <returns>Null for a request whose answer can never stand for another's.</returns>
    public static CanonicalRequest? Read(Surface surface, ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = MaxDepth });
            var top = json.RootElement;
            if (top.ValueKind != JsonValueKind.Object || HasEffects(surface, top)) return null;
            var bytes = new ArrayBufferWriter<byte>(body.Length + 256);
            // The name of the model is the route's, whatever its case; a response repeats who asked.
            Members(bytes, top.EnumerateObject().Where(member => member.Name != "model" && (surface == Surface.Responses || !Aside.Contains(member.Name, StringComparer.Ordinal))), isSorted: true);
            return new CanonicalRequest(bytes.WrittenMemory, IsRepeatable(surface, top));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // half a surrogate
        {
            return null;
        }
    }

    private static bool HasEffects(Surface surface, JsonElement top)
    {
        if (Effects.Any(name => top.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True)) return true;
        if (Continuations.Any(name => top.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)) return true;
        return surface == Surface.Responses && !(top.TryGetProperty("store", out var store) && store.ValueKind == JsonValueKind.False);   // it is stored unless it says no
    }

    private static bool IsRepeatable(Surface surface, JsonElement top)
    {
        if (surface == Surface.Embeddings || surface == Surface.CountTokens) return true;
        if (Outside.Any(name => top.TryGetProperty(name, out _))) return false;
        if (top.TryGetProperty("tools", out var tools) && tools.ValueKind == JsonValueKind.Array && tools.EnumerateArray().Any(IsRunByProvider)) return false;
        return (top.TryGetProperty("temperature", out var temperature) && temperature.ValueKind == JsonValueKind.Number && temperature.GetDouble() == 0)
            || (top.TryGetProperty("seed", out var seed) && seed.ValueKind == JsonValueKind.Number);
    }

    private static bool IsRunByProvider(JsonElement tool) =>
        tool.ValueKind == JsonValueKind.Object && tool.TryGetProperty("type", out var type) && !(type.ValueKind == JsonValueKind.String && type.GetString() is "function" or "custom");

    private static void Members(ArrayBufferWriter<byte> to, IEnumerable<JsonProperty> members, bool isSorted)
    {
        to.Write("{"u8);
        foreach (var member in isSorted ? members.OrderBy(one => one.Name, StringComparer.Ordinal) : members)   // the order is stable: of two with one name, the last still counts
        {
            Text(to, 'k', member.Name);
            Value(to, member.Value, isList: isSorted && Lists.Contains(member.Name, StringComparer.Ordinal));
        }
        to.Write("}"u8);
    }

    /// <param name="isList">Whether its items are messages or parts of them.</param>
    private static void Value(ArrayBufferWriter<byte> to, JsonElement value, bool isList)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Members(to, value.EnumerateObject(), isSorted: false);
                break;
            case JsonValueKind.Array:
                to.Write("["u8);
                foreach (var item in value.EnumerateArray())
                {
                    if (isList && item.ValueKind == JsonValueKind.Object) Members(to, item.EnumerateObject(), isSorted: true);
                    else Value(to, item, isList: false);
                }
                to.Write("]"u8);
                break;
            case JsonValueKind.String:
                Text(to, 's', value.GetString()!);
                break;
            default:
                Text(to, 'v', value.GetRawText());
                break;
        }
    }

    /// <summary>With its length in front, so that no text can look like several.</summary>
    private static void Text(ArrayBufferWriter<byte> to, char kind, string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var room = to.GetSpan(5 + length);
        room[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(room[1..], length);
        Encoding.UTF8.GetBytes(text, room[5..]);
        to.Advance(5 + length);
    }
}
