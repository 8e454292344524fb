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
        var isPiece = choice.Get("delta"u8).ValueKind == JsonValueKind.Object;
        var said = isPiece ? choice.Get("delta"u8) : choice.Get("message"u8);
        Say(said.Piece("reasoning_content") ?? said.Piece("reasoning"), static text => new AnswerEvent.Thinking(text), into);
        Content(said.Get("content"u8), into);
        Say(said.Piece("refusal"), static text => new AnswerEvent.Refusal(text), into);
        if (said.Get("tool_calls"u8) is { ValueKind: JsonValueKind.Array } called)
        {
            foreach (var one in called.EnumerateArray()) Tool(one, isPiece, into);
        }
        if (OrNull(choice.Text("finish_reason")) is not { } reason) return;   // some proxies say an empty one in every chunk
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

    /// <summary>A call, or a piece of one. Some hosts leave the index out or give all calls the same, some say id and name again with each piece, some say the name late.</summary>
    private void Tool(JsonElement said, bool isPiece, List<AnswerEvent> into)
    {
        var function = said.Get("function"u8);
        var (id, name) = (OrNull(said.Text("id")), OrNull(function.Text("name")));
        var arguments = function.Get("arguments"u8) switch
        {
            { ValueKind: JsonValueKind.String } text => text.Piece()!,
            { ValueKind: JsonValueKind.Object } whole => whole.Raw(),
            _ => "",
        };
        int? index = said.Get("index"u8) is { ValueKind: JsonValueKind.Number } at && at.TryGetInt32(out var place) ? place : null;
        var call = isPiece ? Find(index, id, name, arguments) : null;
        if (call is null) calls.Add(call = new Call(calls.Count, index, $"{callPrefix}_{calls.Count}"));
        if (call.Id is null && !calls.Exists(other => other.Id == id)) call.Id = id;
        call.Name ??= name;
        call.Add(arguments, into);
    }

    /// <returns>The call that a piece belongs to; null where it begins one.</returns>
    private Call? Find(int? index, string? id, string? name, string arguments)
    {
        if (id is not null && calls.FindLast(call => call.Id == id && (index is null || call.Index == index)) is { } named) return named;
        if (index is null && id is not null) return null;
        var last = index is null ? calls.LastOrDefault() : calls.FindLast(call => call.Index == index);
        // An id alone begins nothing: some hosts make up another for each piece. Nor does a name that is said again behind the end.
        var isAnother = name is not null && ((id is not null && last?.Id is not null) || (last?.IsWhole == true && (arguments.Length > 0 || last.Name != name)));
        return isAnother ? null : last;
    }

    private static string? OrNull(string? text) => text is { Length: > 0 } ? text : null;

    private static AnswerUsage Usage(JsonElement usage) => new(
        usage.Count("prompt_tokens"u8),
        Math.Max(usage.Get("prompt_tokens_details"u8).Count("cached_tokens"u8), usage.Count("prompt_cache_hit_tokens"u8)),
        usage.Get("prompt_tokens_details"u8).Count("cache_write_tokens"u8),
        usage.Count("completion_tokens"u8),
        usage.Get("completion_tokens_details"u8).Count("reasoning_tokens"u8));

    /// <summary>A call of a tool while it comes.</summary>
    private sealed class Call(int ordinal, int? index, string spareId)
    {
        private readonly StringBuilder waiting = new();
        private readonly JsonEnd end = new();
        private bool hasBegun;

        public int? Index => index;

        public string? Id { get; set; }

        public string? Name { get; set; }

        /// <summary>Whether its arguments are a whole object.</summary>
        public bool IsWhole => end.IsComplete;

        public void Add(string fragment, List<AnswerEvent> into)
        {
            end.Read(fragment);
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
