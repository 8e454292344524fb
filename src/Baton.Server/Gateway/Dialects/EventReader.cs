using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>
/// Reads what a target answers, in pieces of any size. One for each answer; not thread-safe. What the answer says must not depend on where its pieces begin and end.
/// </summary>
internal abstract class EventReader
{
    /// <summary>Ends an event in every dialect.</summary>
    private static readonly ReadOnlyMemory<byte> LastLines = "\n\n"u8.ToArray();

    private readonly SurrogatePairs pairs = new();
    private bool hasStarted, hasStopped, hasEnded, isOver;

    /// <param name="id">Of the answer: names calls that come without an id.</param>
    public static EventReader For(Dialect dialect, string id) => dialect switch
    {
        Dialect.Anthropic => new MessagesAnswerReader(),
        Dialect.Ollama => new OllamaAnswerReader($"call_{id}"),
        _ => new ChatAnswerReader($"call_{id}"),
    };

    /// <summary>Takes a piece of a stream.</summary>
    public void Read(ReadOnlyMemory<byte> piece, List<AnswerEvent> into)
    {
        var known = into.Count;
        Take(piece, into);
        pairs.Join(into, known);
    }

    /// <summary>Takes an answer that did not come as a stream.</summary>
    public void ReadWhole(ReadOnlyMemory<byte> body, List<AnswerEvent> into)
    {
        var known = into.Count;
        try
        {
            using var json = JsonDocument.Parse(body, Depth);
            Whole(json.RootElement, into);
        }
        catch (Exception e) when (IsNoJson(e))
        {
            Fail(into, "it is not JSON");
        }
        pairs.Join(into, known);
    }

    /// <summary>The connection has ended: an answer that has said why it stops is whole, whatever marks are missing. So is an event without its line's end; half of one says nothing.</summary>
    public void Finish(List<AnswerEvent> into)
    {
        var known = into.Count;
        isOver = true;
        Take(LastLines, into);
        EndIfStopped(into);
        pairs.Join(into, known);
    }

    protected static JsonDocumentOptions Depth => new() { MaxDepth = 256 };

    protected abstract void Take(ReadOnlyMemory<byte> piece, List<AnswerEvent> into);

    protected abstract void Whole(JsonElement answer, List<AnswerEvent> into);

    protected abstract void Chunk(JsonElement chunk, List<AnswerEvent> into);

    protected void ReadChunk(string json, List<AnswerEvent> into)
    {
        if (hasEnded || string.IsNullOrWhiteSpace(json)) return;   // a field without a value only keeps the connection alive
        try
        {
            using var chunk = JsonDocument.Parse(json, Depth);
            Chunk(chunk.RootElement, into);
        }
        catch (Exception e) when (IsNoJson(e))
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
        catch (Exception e) when (IsNoJson(e))
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

    protected void EndIfStopped(List<AnswerEvent> into)
    {
        if (hasStopped) End(into);
    }

    /// <summary>The target has told of an error.</summary>
    protected void Fail(JsonElement said, List<AnswerEvent> into)
    {
        if (hasEnded) return;
        hasEnded = true;
        into.Add(new AnswerEvent.Failure(ErrorTranslation.Read(status: null, said.Raw())));
    }

    /// <summary>What the parser lets pass, the search for a member may not: a name with half of a surrogate pair.</summary>
    private static bool IsNoJson(Exception e) => e is JsonException or InvalidOperationException;

    private void Fail(List<AnswerEvent> into, string how)
    {
        if (hasEnded || isOver) return;
        hasEnded = true;
        into.Add(new AnswerEvent.Failure(GatewayError.Broken($"The answer of the target cannot be read: {how}.")));
    }

    protected static void Say(string? text, Func<string, AnswerEvent> make, List<AnswerEvent> into)
    {
        if (text is { Length: > 0 }) into.Add(make(text));
    }
}
