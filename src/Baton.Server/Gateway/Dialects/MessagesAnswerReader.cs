using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Reads answers in Anthropic's messages. Blocks of the provider's own tools say nothing to others, and are left out.</summary>
internal sealed class MessagesAnswerReader : EventReader
{
    private readonly SseParser events = new();
    private AnswerUsage usage = AnswerUsage.None;
    private string signature = "";
    private int calls = -1;
    private bool isCall, hasArguments;

    protected override void Take(ReadOnlyMemory<byte> piece, List<AnswerEvent> into)
    {
        while (events.TryTake(ref piece, out var found)) ReadChunk(found.Data, into);
    }

    protected override void Whole(JsonElement answer, List<AnswerEvent> into)
    {
        if (answer.Text("type") == "error")
        {
            Fail(answer, into);
            return;
        }
        Start(answer, into);
        if (answer.Get("content"u8) is { ValueKind: JsonValueKind.Array } blocks)
        {
            foreach (var block in blocks.EnumerateArray())
            {
                BeginBlock(block, into);
                if (block.Text("signature") is { Length: > 0 } signed) signature = signed;
                EndBlock(into);
            }
        }
        Tokens(answer.Get("usage"u8), into);
        if (answer.Text("stop_reason") is { } reason) Stop(ReasonOf(reason), answer.Text("stop_sequence"), into);
        EndIfStopped(into);
    }

    protected override void Chunk(JsonElement chunk, List<AnswerEvent> into)
    {
        switch (chunk.Text("type"))
        {
            case "message_start":
                Start(chunk.Get("message"u8), into);
                Tokens(chunk.Get("message"u8).Get("usage"u8), into);
                break;
            case "content_block_start": BeginBlock(chunk.Get("content_block"u8), into); break;
            case "content_block_delta": Delta(chunk.Get("delta"u8), into); break;
            case "content_block_stop": EndBlock(into); break;
            case "message_delta":
                Tokens(chunk.Get("usage"u8), into);
                if (chunk.Get("delta"u8).Text("stop_reason") is { } reason) Stop(ReasonOf(reason), chunk.Get("delta"u8).Text("stop_sequence"), into);
                break;
            case "message_stop": End(into); break;
            case "ping": into.Add(AnswerEvent.Ping.Instance); break;
            case "error": Fail(chunk, into); break;
        }
    }

    private static StopReason ReasonOf(string reason) => reason switch
    {
        "max_tokens" => StopReason.MaxTokens,
        "stop_sequence" => StopReason.StopSequence,
        "tool_use" => StopReason.ToolUse,
        "refusal" => StopReason.Refused,
        "pause_turn" => StopReason.Paused,
        "model_context_window_exceeded" => StopReason.ContextFull,
        _ => StopReason.Done,
    };

    private void BeginBlock(JsonElement block, List<AnswerEvent> into)
    {
        (isCall, hasArguments) = (false, false);
        switch (block.Text("type"))
        {
            case "text": Say(block.Piece("text"), static text => new AnswerEvent.Text(text), into); break;
            case "thinking": Say(block.Piece("thinking"), static text => new AnswerEvent.Thinking(text), into); break;
            case "redacted_thinking": Say(block.Text("data"), static data => new AnswerEvent.Redacted(data), into); break;
            case "tool_use":
                isCall = true;
                into.Add(new AnswerEvent.ToolStart(++calls, block.Text("id") ?? "", block.Text("name") ?? ""));
                if (block.Get("input"u8) is { ValueKind: JsonValueKind.Object } input && input.EnumerateObject().MoveNext()) Arguments(input.Raw(), into);
                break;
        }
    }

    private void Delta(JsonElement delta, List<AnswerEvent> into)
    {
        switch (delta.Text("type"))
        {
            case "text_delta": Say(delta.Piece("text"), static text => new AnswerEvent.Text(text), into); break;
            case "thinking_delta": Say(delta.Piece("thinking"), static text => new AnswerEvent.Thinking(text), into); break;
            case "signature_delta": signature += delta.Text("signature"); break;
            case "input_json_delta" when isCall: Arguments(delta.Piece("partial_json") ?? "", into); break;
        }
    }

    private void EndBlock(List<AnswerEvent> into)
    {
        if (signature.Length > 0) into.Add(new AnswerEvent.Signature(signature));
        if (isCall && !hasArguments) Arguments("{}", into);   // no parameters: nothing came, and nothing is no JSON
        (signature, isCall) = ("", false);
    }

    private void Arguments(string fragment, List<AnswerEvent> into)
    {
        if (fragment.Length == 0) return;
        hasArguments = true;
        into.Add(new AnswerEvent.ToolArguments(calls, fragment));
    }

    /// <summary>Later counts replace earlier ones; what they leave out stays.</summary>
    private void Tokens(JsonElement said, List<AnswerEvent> into)
    {
        if (said.ValueKind != JsonValueKind.Object) return;
        var fresh = Math.Max(usage.Input - usage.CacheRead - usage.CacheWrite, said.Count("input_tokens"u8));
        var (read, write) = (Math.Max(usage.CacheRead, said.Count("cache_read_input_tokens"u8)), Math.Max(usage.CacheWrite, said.Count("cache_creation_input_tokens"u8)));
        usage = new AnswerUsage(fresh + read + write, read, write, Math.Max(usage.Output, said.Count("output_tokens"u8)), Math.Max(usage.Reasoning, said.Get("output_tokens_details"u8).Count("thinking_tokens"u8)));
        into.Add(new AnswerEvent.Tokens(usage));
    }
}
