using System.Buffers;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Reads answers of Ollama's own <c>/api/chat</c>: an object on each line.</summary>
/// <param name="callPrefix">Names its calls, which have no ids.</param>
internal sealed class OllamaAnswerReader(string callPrefix) : EventReader
{
    private readonly ArrayBufferWriter<byte> line = new();
    private int calls;

    protected override void Take(ReadOnlyMemory<byte> piece, List<AnswerEvent> into)
    {
        while (piece.Span.IndexOf((byte)'\n') is >= 0 and var end)
        {
            line.Write(piece.Span[..end]);
            piece = piece[(end + 1)..];
            EndLine(into);
        }
        line.Write(piece.Span);
    }

    protected override void Whole(JsonElement answer, List<AnswerEvent> into) => Chunk(answer, into);

    protected override void Chunk(JsonElement chunk, List<AnswerEvent> into)
    {
        if (!chunk.Get("error"u8).IsNothing())
        {
            Fail(chunk, into);
            return;
        }
        Start(chunk, into);
        var said = chunk.Get("message"u8);
        Say(said.Piece("thinking"), static text => new AnswerEvent.Thinking(text), into);
        Say(said.Piece("content"), static text => new AnswerEvent.Text(text), into);
        if (said.Get("tool_calls"u8) is { ValueKind: JsonValueKind.Array } called)
        {
            foreach (var call in called.EnumerateArray()) Call(call, into);
        }
        if (chunk.Get("done"u8).ValueKind != JsonValueKind.True) return;
        into.Add(new AnswerEvent.Tokens(new AnswerUsage(chunk.Count("prompt_eval_count"u8), 0, 0, chunk.Count("eval_count"u8), 0)));
        Stop(chunk.Text("done_reason") == "length" ? StopReason.MaxTokens : StopReason.Done, null, into);
        End(into);
    }

    private void Call(JsonElement call, List<AnswerEvent> into)
    {
        var function = call.Get("function"u8);
        into.Add(new AnswerEvent.ToolStart(calls, call.Text("id") is { Length: > 0 } id ? id : $"{callPrefix}_{calls}", function.Text("name") ?? ""));
        var arguments = function.Get("arguments"u8);
        into.Add(new AnswerEvent.ToolArguments(calls++, arguments.Piece() ?? (arguments.ValueKind == JsonValueKind.Object ? arguments.Raw() : "{}")));
    }

    private void EndLine(List<AnswerEvent> into)
    {
        var end = line.WrittenSpan.TrimEnd((byte)'\r').Length;
        if (end > 0) ReadChunk(line.WrittenMemory[..end], into);
        line.ResetWrittenCount();
    }
}
