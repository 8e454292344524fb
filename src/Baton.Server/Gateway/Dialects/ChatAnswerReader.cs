using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Reads answers in OpenAI's chat completions, with what compatible hosts add to them or leave out.</summary>
/// <param name="callPrefix">Names calls that come without an id.</param>
internal sealed class ChatAnswerReader(string callPrefix) : EventReader
{
    private readonly SseParser events = new();
    private readonly List<Call> calls = [];

    protected override void Take(ReadOnlyMemory<byte> piece, List<AnswerEvent> into)
    {
        while (events.TryTake(ref piece, out var found))
        {
            if (found.Data == ChatAnswer.EndOfStream) End(into);
            else ReadChunk(found.Data, into);
        }
    }

    protected override void Whole(JsonElement answer, List<AnswerEvent> into)
    {
        Chunk(answer, into);
        EndIfStopped(into);
    }

    protected override void Chunk(JsonElement chunk, List<AnswerEvent> into)
    {
        if (!chunk.Get("error"u8).IsNothing() || chunk.Text("object") == "error")
        {
            Fail(chunk, into);
            return;
        }
        Start(chunk, into);
        if (chunk.Get("choices"u8) is { ValueKind: JsonValueKind.Array } choices)
        {
            foreach (var choice in choices.EnumerateArray())
            {
                if (choice.Count("index"u8) == 0) Choice(choice, into);
            }
        }
        if (chunk.Get("usage"u8) is { ValueKind: JsonValueKind.Object } usage) into.Add(new AnswerEvent.Tokens(Usage(usage)));
    }

    private void Choice(JsonElement choice, List<AnswerEvent> into)
    {
        var said = choice.Get("delta"u8) is { ValueKind: JsonValueKind.Object } delta ? delta : choice.Get("message"u8);
        Say(said.Piece("reasoning_content") ?? said.Piece("reasoning"), static text => new AnswerEvent.Thinking(text), into);
        Content(said.Get("content"u8), into);
        Say(said.Piece("refusal"), static text => new AnswerEvent.Refusal(text), into);
        if (said.Get("tool_calls"u8) is { ValueKind: JsonValueKind.Array } called)
        {
            foreach (var one in called.EnumerateArray()) Tool(one, into);
        }
        if (choice.Text("finish_reason") is not { } reason) return;
        foreach (var call in calls) call.Begin(into);   // one that never said its name has none
        var sequence = choice.Text("stop_reason");   // of vLLM and its like: the text that was found
        Stop(reason == "stop" && sequence is not null ? StopReason.StopSequence : ReasonOf(reason), sequence, into);
    }

    private static StopReason ReasonOf(string reason) => reason switch
    {
        "length" => StopReason.MaxTokens,
        "tool_calls" or "function_call" => StopReason.ToolUse,
        "content_filter" => StopReason.Refused,
        _ => StopReason.Done,
    };

    private static void Content(JsonElement content, List<AnswerEvent> into)
    {
        Say(content.Piece(), static text => new AnswerEvent.Text(text), into);
        if (content.ValueKind != JsonValueKind.Array) return;
        foreach (var part in content.EnumerateArray()) Say(part.Piece("text"), static text => new AnswerEvent.Text(text), into);
    }

    /// <summary>A call, or a piece of one. Some hosts leave the index out, some say id and name again with each piece, some say the name late.</summary>
    private void Tool(JsonElement said, List<AnswerEvent> into)
    {
        var (id, function) = (said.Text("id"), said.Get("function"u8));
        var call = Find(said.Get("index"u8), id);
        call.Id ??= id is { Length: > 0 } ? id : null;
        call.Name ??= function.Text("name") is { Length: > 0 } name ? name : null;
        var arguments = function.Get("arguments"u8) switch
        {
            { ValueKind: JsonValueKind.String } text => text.Piece()!,
            { ValueKind: JsonValueKind.Object } whole => whole.Raw(),
            _ => "",
        };
        call.Add(arguments, into);
    }

    private Call Find(JsonElement index, string? id)
    {
        var known = index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var at) ? calls.Find(call => call.Index == at)
            : id is { Length: > 0 } ? calls.Find(call => call.Id == id)
            : calls.Count > 0 ? calls[^1] : null;
        if (known is not null) return known;
        calls.Add(new Call(calls.Count, index.ValueKind == JsonValueKind.Number && index.TryGetInt32(out var place) ? place : -1, $"{callPrefix}_{calls.Count}"));
        return calls[^1];
    }

    private static AnswerUsage Usage(JsonElement usage) => new(
        usage.Count("prompt_tokens"u8),
        Math.Max(usage.Get("prompt_tokens_details"u8).Count("cached_tokens"u8), usage.Count("prompt_cache_hit_tokens"u8)),
        usage.Get("prompt_tokens_details"u8).Count("cache_write_tokens"u8),
        usage.Count("completion_tokens"u8),
        usage.Get("completion_tokens_details"u8).Count("reasoning_tokens"u8));

    /// <summary>A call of a tool while it comes.</summary>
    private sealed class Call(int ordinal, int index, string spareId)
    {
        private readonly StringBuilder waiting = new();
        private bool hasBegun;

        public int Index => index;

        public string? Id { get; set; }

        public string? Name { get; set; }

        public void Add(string fragment, List<AnswerEvent> into)
        {
            if (Name is not null) Begin(into);
            if (!hasBegun) waiting.Append(fragment);
            else if (fragment.Length > 0) into.Add(new AnswerEvent.ToolArguments(ordinal, fragment));
        }

        public void Begin(List<AnswerEvent> into)
        {
            if (hasBegun) return;
            hasBegun = true;
            into.Add(new AnswerEvent.ToolStart(ordinal, Id ?? spareId, Name ?? ""));
            if (waiting.Length > 0) into.Add(new AnswerEvent.ToolArguments(ordinal, waiting.ToString()));
        }
    }
}
