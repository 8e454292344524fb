using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>
/// Tells by a hash which conversation a request belongs to, so that its turns can go where an engine still holds their beginning: by a key or a session that the caller
/// names, else by what all turns begin with. The same on every node and after a restart.
/// </summary>
internal static class Conversations
{
    /// <summary>The headers that name a session; the first that is there counts.</summary>
    private static readonly string[] SessionHeaders = ["x-baton-session", "x-session-id"];

    /// <summary>Of one text at most this much is hashed; its length always.</summary>
    private const int MostOfAText = 64 << 10;

    /// <summary>Of the text of a completion, which grows at its end.</summary>
    private const int MostOfAPrompt = 256;

    private const ulong Prime = 0x9E3779B97F4A7C15;

    /// <returns>0 for none.</returns>
    public static ulong OfHeaders(IHeaderDictionary headers)
    {
        foreach (var name in SessionHeaders)
        {
            if (headers.TryGetValue(name, out var session) && session.ToString() is { Length: > 0 } named) return Hash(1, Encoding.UTF8.GetBytes(named));
        }
        return 0;
    }

    /// <summary>Reads a body that is known to be a JSON object.</summary>
    /// <remarks>
    /// What engines put first counts: tools, what the system says, and the messages up to and including the first that is not the system's. Of messages only texts count: a mark such as
    /// <c>cache_control</c> wanders from turn to turn, and changes a text into a list of one.
    /// </remarks>
    /// <param name="beginning">The first messages of a conversation that is kept here, a JSON list: the body does not repeat them. Empty for none.</param>
    /// <returns>The conversation, 0 for none; <c>metadata.tags</c>, a list or a text with commas.</returns>
    public static (ulong Conversation, ImmutableArray<string> Tags) Read(ReadOnlySpan<byte> body, ReadOnlySpan<byte> beginning = default)
    {
        var (named, system, tools, messages) = (0UL, 0UL, 0UL, 0UL);
        var tags = ImmutableArray<string>.Empty;
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = RequestPeek.MaxDepth });
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.ValueSpan;
            json.Read();
            if (name.SequenceEqual("prompt_cache_key"u8) && json.TokenType == JsonTokenType.String) named = Hash(2, json.ValueSpan);
            else if (name.SequenceEqual("system"u8) || name.SequenceEqual("instructions"u8)) system = Texts(ref json, 3, out _);
            else if (name.SequenceEqual("messages"u8) || name.SequenceEqual("input"u8)) messages = Beginning(ref json);
            else if (name.SequenceEqual("metadata"u8) && json.TokenType == JsonTokenType.StartObject) tags = Tags(ref json);
            else if (name.SequenceEqual("tools"u8) || name.SequenceEqual("prompt"u8))
            {
                var start = (int)json.TokenStartIndex;
                var isTools = name[0] == 't';
                json.Skip();
                var value = body[start..(int)json.BytesConsumed];
                if (isTools) tools = Hash(4, value);
                else messages = Hash(5, value[..Math.Min(value.Length, MostOfAPrompt)]);
            }
            json.Skip();
        }
        if (!beginning.IsEmpty)
        {
            var first = new Utf8JsonReader(beginning, new JsonReaderOptions { MaxDepth = RequestPeek.MaxDepth });
            first.Read();
            messages = Beginning(ref first);
        }
        if (named != 0 || (system | tools | messages) == 0) return (named, tags);
        return (Mix(Mix(system) ^ Mix(~tools) ^ messages), tags);
    }

    /// <summary>Spreads a hash over all bits (finalizer of SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).</summary>
    public static ulong Mix(ulong x)
    {
        unchecked
        {
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            return x ^ (x >> 31);
        }
    }

    public static ulong Hash(ulong seed, ReadOnlySpan<byte> text)
    {
        var hash = Mix(seed ^ ((ulong)text.Length << 40));
        if (text.Length > MostOfAText) text = text[..MostOfAText];
        for (; text.Length >= 8; text = text[8..]) hash = Step(hash, BinaryPrimitives.ReadUInt64LittleEndian(text));
        var rest = 0UL;
        for (var i = 0; i < text.Length; i++) rest |= (ulong)text[i] << (8 * i);
        return Mix(Step(hash, rest));

        static ulong Step(ulong hash, ulong word)
        {
            hash = unchecked((hash ^ word) * Prime);
            return hash ^ (hash >> 32);
        }
    }

    /// <summary>The messages up to the first that is not the system's.</summary>
    private static ulong Beginning(ref Utf8JsonReader json)
    {
        if (json.TokenType != JsonTokenType.StartArray) return Texts(ref json, 6, out _);
        var hash = 6UL;
        var isOver = false;
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (isOver) json.Skip();
            else hash = Texts(ref json, hash, out isOver);
        }
        return hash;
    }

    /// <summary>The texts of a value, whatever they are wrapped in.</summary>
    /// <param name="isTurn">Whether it is a message of somebody other than the system.</param>
    private static ulong Texts(ref Utf8JsonReader json, ulong hash, out bool isTurn)
    {
        isTurn = true;
        if (json.TokenType == JsonTokenType.String) return Hash(hash, json.ValueSpan);
        if (json.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return hash;
        var depth = json.CurrentDepth;
        var isText = true;
        while (json.Read() && json.CurrentDepth > depth)
        {
            if (json.TokenType == JsonTokenType.PropertyName)
            {
                var isRole = json.CurrentDepth == depth + 1 && json.ValueTextEquals("role"u8);
                isText = json.ValueTextEquals("content"u8) || json.ValueTextEquals("text"u8) || json.ValueTextEquals("url"u8) || json.ValueTextEquals("data"u8);
                if (!isRole) continue;
                json.Read();
                isTurn = json.TokenType != JsonTokenType.String || !(json.ValueTextEquals("system"u8) || json.ValueTextEquals("developer"u8));
            }
            else if (json.TokenType == JsonTokenType.String && isText)
            {
                hash = Hash(hash, json.ValueSpan);
            }
        }
        return hash;
    }

    private static ImmutableArray<string> Tags(ref Utf8JsonReader json)
    {
        var tags = ImmutableArray<string>.Empty;
        var depth = json.CurrentDepth;
        while (json.Read() && json.CurrentDepth > depth)
        {
            var isTags = json.ValueTextEquals("tags"u8);
            json.Read();
            if (isTags && json.TokenType == JsonTokenType.String && Text(ref json) is { } list) tags = [.. RoutingFacts.Split(list)];
            else if (isTags && json.TokenType == JsonTokenType.StartArray)
            {
                while (json.Read() && json.TokenType != JsonTokenType.EndArray)
                {
                    if (json.TokenType == JsonTokenType.String && Text(ref json) is { } tag) tags = tags.Add(tag);
                    json.Skip();
                }
            }
            json.Skip();
        }
        return tags;
    }

    private static string? Text(ref Utf8JsonReader json)
    {
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)   // half a surrogate: no tag that anybody has configured
        {
            return null;
        }
    }
}
