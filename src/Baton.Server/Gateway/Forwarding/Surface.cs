using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>An address that applications call, as the provider's own would be called.</summary>
/// <param name="Path">Behind <c>/v1</c> here, behind the target's BaseUrl there.</param>
/// <param name="MaxTokensField">The member with the most tokens of an answer; null where there is none.</param>
internal sealed record Surface(string Path, Dialect Dialect, string? MaxTokensField)
{
    public static readonly Surface ChatCompletions = new("/chat/completions", Dialect.OpenAi, "max_tokens"), Completions = new("/completions", Dialect.OpenAi, "max_tokens"),
        Responses = new("/responses", Dialect.OpenAi, "max_output_tokens"), Embeddings = new("/embeddings", Dialect.OpenAi, null),
        Messages = new("/messages", Dialect.Anthropic, "max_tokens"), CountTokens = new("/messages/count_tokens", Dialect.Anthropic, null);

    /// <summary>Of targets only: nobody asks here in these words.</summary>
    public static readonly Surface OllamaChat = new("/api/chat", Dialect.Ollama, null);

    public static IReadOnlyList<Surface> All { get; } = [ChatCompletions, Completions, Responses, Embeddings, Messages, CountTokens];

    /// <summary>Whether it can be asked of targets of another dialect.</summary>
    public bool IsConversation => this == ChatCompletions || this == Responses || this == Messages;

    /// <summary>Whether frames of a stream hold the words by which it says that it is complete.</summary>
    /// <param name="choices">How many answers it carries: where there are several, each has a reason to stop of its own.</param>
    public bool IsEnd(ReadOnlySpan<byte> frames, int choices) => Dialect == Dialect.Anthropic ? frames.IndexOf("\"message_stop\""u8) >= 0
        : this == Responses ? IsType(frames, "response.completed"u8) || IsType(frames, "response.incomplete"u8) || IsType(frames, "response.failed"u8)
        : IsDone(frames) || (choices == 1 && HasReason(frames));

    /// <returns>Where the first event that is an error begins; -1 for none.</returns>
    public static int ErrorAt(ReadOnlySpan<byte> frames)
    {
        if (frames.IndexOf("error"u8) < 0) return -1;
        for (var at = 0; at < frames.Length; at += Frames.FirstLength(frames[at..]))
        {
            if (IsError(frames[at..])) return at;
        }
        return -1;
    }

    /// <summary>Whether an event tells of an error.</summary>
    /// <param name="frames">It, and what follows.</param>
    private static bool IsError(ReadOnlySpan<byte> frames)
    {
        var rest = frames[..Frames.FirstLength(frames)];
        if (rest.IndexOf("error"u8) < 0) return false;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny((byte)'\n', (byte)'\r');
            var line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.StartsWith("event:"u8) && line["event:".Length..].Trim((byte)' ').SequenceEqual("error"u8)) return true;
            if (line.StartsWith("data:"u8) && IsErrorObject(line["data:".Length..])) return true;
        }
        return false;
    }

    /// <summary>Whether an object has an error, or says that it is one.</summary>
    private static bool IsErrorObject(ReadOnlySpan<byte> data)
    {
        try
        {
            var json = new Utf8JsonReader(data, isFinalBlock: false, default);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var (isError, isKind) = (json.ValueTextEquals("error"u8), json.ValueTextEquals("object"u8) || json.ValueTextEquals("type"u8));
                if (!json.Read()) return false;
                if (isError && json.TokenType != JsonTokenType.Null) return true;
                if (isKind && json.TokenType == JsonTokenType.String && json.ValueTextEquals("error"u8)) return true;
                if (!json.TrySkip()) return false;
            }
        }
        catch (JsonException)
        {
            // Whoever reads it will say what it is.
        }
        return false;
    }

    /// <summary>Whether an event has a type: a text may speak of it, but within a text the marks around it are other bytes.</summary>
    private static bool IsType(ReadOnlySpan<byte> frames, ReadOnlySpan<byte> type)
    {
        for (var from = 0; frames[from..].IndexOf(type) is >= 0 and var at; from += at + type.Length)
        {
            var before = frames[..(from + at)];
            if (IsLine(before, "event:"u8) || (before.EndsWith("\""u8) && before[..^1].TrimEnd(" :"u8).EndsWith("\"type\""u8))) return true;
        }
        return false;
    }

    private static bool IsDone(ReadOnlySpan<byte> frames)
    {
        for (var from = 0; frames[from..].IndexOf("[DONE]"u8) is >= 0 and var at; from += at + "[DONE]".Length)
        {
            if (IsLine(frames[..(from + at)], "data:"u8)) return true;
        }
        return false;
    }

    /// <summary>Whether bytes end with the beginning of a line: a field and its colon.</summary>
    private static bool IsLine(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> field)
    {
        bytes = bytes.TrimEnd((byte)' ');
        return bytes.EndsWith(field) && (bytes.Length == field.Length || bytes[^(field.Length + 1)] is (byte)'\n' or (byte)'\r');
    }

    /// <summary>Some proxies say an empty reason in every chunk.</summary>
    private static bool HasReason(ReadOnlySpan<byte> frames)
    {
        while (frames.IndexOf("\"finish_reason\""u8) is >= 0 and var at)
        {
            frames = frames[(at + "\"finish_reason\"".Length)..].TrimStart(" :"u8);
            if (frames.Length > 1 && frames[0] == (byte)'"' && frames[1] != (byte)'"') return true;
        }
        return false;
    }
}
