using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>
/// Reads what a target answers, in pieces of any size. One for each answer; not thread-safe. What the answer says must not depend on where its pieces begin and end.
/// </summary>
internal abstract class EventReader
{
    private bool hasStarted, hasStopped, hasEnded;

    /// <param name="id">Of the answer: names calls that come without an id.</param>
    public static EventReader For(Dialect dialect, string id) => dialect switch
    {
        Dialect.Anthropic => new MessagesAnswerReader(),
        Dialect.Ollama => new OllamaAnswerReader($"call_{id}"),
        _ => new ChatAnswerReader($"call_{id}"),
    };

    /// <summary>Takes a piece of a stream.</summary>
    public abstract void Read(ReadOnlyMemory<byte> piece, List<AnswerEvent> into);

    /// <summary>Takes an answer that did not come as a stream.</summary>
    public void ReadWhole(ReadOnlyMemory<byte> body, List<AnswerEvent> into)
    {
        try
        {
            using var json = JsonDocument.Parse(body, Depth);
            Whole(json.RootElement, into);
        }
        catch (JsonException)
        {
            Fail(into, "it is not JSON");
        }
    }

    /// <summary>The connection has ended: an answer that has said why it stops is whole, whatever marks are missing.</summary>
    public void Finish(List<AnswerEvent> into)
    {
        if (hasStopped) End(into);
    }

    protected static JsonDocumentOptions Depth => new() { MaxDepth = 256 };

    protected abstract void Whole(JsonElement answer, List<AnswerEvent> into);

    protected abstract void Chunk(JsonElement chunk, List<AnswerEvent> into);

    protected void ReadChunk(string json, List<AnswerEvent> into)
    {
        if (hasEnded) return;
        try
        {
            using var chunk = JsonDocument.Parse(json, Depth);
            Chunk(chunk.RootElement, into);
        }
        catch (JsonException)
        {
            Fail(into, "an event of it is not JSON");
        }
    }

    protected void ReadChunk(ReadOnlyMemory<byte> json, List<AnswerEvent> into)
    {
        if (hasEnded) return;
        try
        {
            using var chunk = JsonDocument.Parse(json, Depth);
            Chunk(chunk.RootElement, into);
        }
        catch (JsonException)
        {
            Fail(into, "a line of it is not JSON");
        }
    }

    protected void Start(JsonElement said, List<AnswerEvent> into)
    {
        if (hasStarted) return;
        hasStarted = true;
        into.Add(new AnswerEvent.Start(said.Text("id"), said.Text("model")));
    }

    protected void Stop(StopReason reason, string? sequence, List<AnswerEvent> into)
    {
        hasStopped = true;
        into.Add(new AnswerEvent.Stop(reason, sequence));
    }

    protected void End(List<AnswerEvent> into)
    {
        if (hasEnded) return;
        hasEnded = true;
        into.Add(AnswerEvent.End.Instance);
    }

    /// <summary>The target has told of an error.</summary>
    protected void Fail(JsonElement said, List<AnswerEvent> into)
    {
        if (hasEnded) return;
        hasEnded = true;
        into.Add(new AnswerEvent.Failure(ErrorTranslation.Read(status: null, said.GetRawText())));
    }

    private void Fail(List<AnswerEvent> into, string how)
    {
        if (hasEnded) return;
        hasEnded = true;
        into.Add(new AnswerEvent.Failure(GatewayError.Broken($"The answer of the target cannot be read: {how}.")));
    }

    protected static void Say(string? text, Func<string, AnswerEvent> make, List<AnswerEvent> into)
    {
        if (text is { Length: > 0 }) into.Add(make(text));
    }
}

/// <summary>Members of what may be no object, or may not have them.</summary>
internal static class JsonMembers
{
    public static JsonElement Get(this JsonElement parent, ReadOnlySpan<byte> name) => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var found) ? found : default;

    public static string? Text(this JsonElement parent, string name) => parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(name, out var found) && found.ValueKind == JsonValueKind.String ? found.GetString() : null;

    public static long Count(this JsonElement parent, ReadOnlySpan<byte> name) => parent.Get(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt64(out var count) && count > 0 ? count : 0;

    public static bool IsNothing(this JsonElement value) => value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;
}
