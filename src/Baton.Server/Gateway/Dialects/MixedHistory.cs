using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>
/// A conversation that goes to Anthropic as it is, although targets of other dialects have had their part in it: they left thoughts that nobody has signed, and ids of calls in signs of their own, and Anthropic
/// refuses a request for either. The caller keeps the ids as they were, as some models know their calls by no others.
/// </summary>
internal static class MixedHistory
{
    public static ReadOnlyMemory<byte> ForAnthropic(ReadOnlyMemory<byte> body)
    {
        if (body.Span.IndexOf("\"thinking\""u8) < 0 && body.Span.IndexOf("\"tool_use\""u8) < 0) return body;
        var edits = new List<(Place At, string Text)>();
        var json = new Utf8JsonReader(body.Span, new JsonReaderOptions { MaxDepth = RequestPeek.MaxDepth });
        json.Read();
        while (NextMember(ref json))
        {
            var isMessages = Says(ref json, "messages"u8);
            json.Read();
            if (isMessages && json.TokenType == JsonTokenType.StartArray) Elements(ref json, edits, Message);
            else json.Skip();
        }
        return RequestPatch.With(body, edits);
    }

    /// <summary>Reads an object to its end, and notes what is to be changed in it.</summary>
    /// <returns>Whether it goes as a whole.</returns>
    private delegate bool ElementReader(ref Utf8JsonReader json, List<(Place At, string Text)> edits);

    /// <summary>What goes from a list takes a comma with it: the one before it, or the one behind it where nothing before it stays.</summary>
    /// <returns>Whether all of the list goes.</returns>
    private static bool Elements(ref Utf8JsonReader json, List<(Place At, string Text)> edits, ElementReader read)
    {
        var elements = new List<(int Start, int End, bool Goes)>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            var (start, known, goes) = ((int)json.TokenStartIndex, edits.Count, false);
            if (json.TokenType == JsonTokenType.StartObject) goes = read(ref json, edits);
            else json.Skip();
            if (goes) edits.RemoveRange(known, edits.Count - known);
            elements.Add((start, (int)json.BytesConsumed, goes));
        }
        var staysBefore = false;
        for (var i = 0; i < elements.Count; i++)
        {
            var (start, end, goes) = elements[i];
            staysBefore |= !goes;
            if (!goes) continue;
            var from = staysBefore ? elements[i - 1].End : start;
            var to = staysBefore || i == elements.Count - 1 ? end : elements[i + 1].Start;
            edits.Add((new Place(from, to - from), ""));
        }
        return elements.Count > 0 && !staysBefore;
    }

    private static bool Message(ref Utf8JsonReader json, List<(Place At, string Text)> edits)
    {
        var goes = false;
        while (NextMember(ref json))
        {
            var isContent = Says(ref json, "content"u8);
            json.Read();
            if (isContent && json.TokenType == JsonTokenType.StartArray) goes = Elements(ref json, edits, Block);
            else json.Skip();
        }
        return goes;
    }

    private static bool Block(ref Utf8JsonReader json, List<(Place At, string Text)> edits)
    {
        var (isThought, isSigned) = (false, false);
        while (NextMember(ref json))
        {
            var (isType, isSignature, isId) = (Says(ref json, "type"u8), Says(ref json, "signature"u8), Says(ref json, "id"u8) || Says(ref json, "tool_use_id"u8));
            json.Read();
            if (json.TokenType != JsonTokenType.String) json.Skip();
            else if (isType) isThought = Says(ref json, "thinking"u8);
            else if (isSignature) isSigned = json.ValueSpan.Length > 0;
            else if (isId && !json.ValueIsEscaped && Encoding.UTF8.GetString(json.ValueSpan) is var id && MessagesWriter.Id(id) is var fit && fit != id)
            {
                var start = (int)json.TokenStartIndex;
                edits.Add((new Place(start, (int)json.BytesConsumed - start), $"\"{fit}\""));
            }
        }
        return isThought && !isSigned;
    }

    private static bool NextMember(ref Utf8JsonReader json) => json.Read() && json.TokenType == JsonTokenType.PropertyName;

    private static bool Says(ref Utf8JsonReader json, ReadOnlySpan<byte> word) => !json.ValueIsEscaped && json.ValueTextEquals(word);
}
