using System.Buffers;
using System.Text;
using System.Text.Json;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Writes answers in OpenAI's responses: items, each begun, filled and finished before the next.</summary>
/// <param name="keeps">Whether it is to be kept here; how that went is told with its end.</param>
internal sealed class ResponsesAnswerWriter(AnswerHead head, bool keeps) : AnswerWriter(head)
{
    private readonly List<Part> items = [];
    private readonly StringBuilder content = new();
    private Part? open;
    private string? model;
    private long sequence;
    private StopReason reason;
    private AnswerUsage usage = AnswerUsage.None;
    private bool isKept = keeps;

    public override void Write(AnswerEvent said, IBufferWriter<byte> to)
    {
        switch (said)
        {
            case AnswerEvent.Start start:
                model = start.Model;
                Whole("response.created", "in_progress", to);
                Whole("response.in_progress", "in_progress", to);
                break;
            case AnswerEvent.Text text:
                if (open is not Part.Text) Begin(new Part.Text(""), to);
                Delta("response.output_text.delta", text.Value, to);
                break;
            case AnswerEvent.Refusal refusal:
                if (open is not Part.Refusal) Begin(new Part.Refusal(""), to);
                Delta("response.refusal.delta", refusal.Value, to);
                break;
            case AnswerEvent.Thinking thought:
                if (open is not Part.Thinking) Begin(new Part.Thinking("", null), to);
                Delta("response.reasoning_summary_text.delta", thought.Value, to);
                break;
            case AnswerEvent.Signature signature:
                if (open is not Part.Thinking) Begin(new Part.Thinking("", null), to);
                open = new Part.Thinking("", signature.Value);
                Finish(to);
                break;
            case AnswerEvent.Redacted redacted:
                Begin(new Part.Redacted(redacted.Data), to);
                Finish(to);
                break;
            case AnswerEvent.ToolStart call: Begin(new Part.ToolCall(call.Id, call.Name, ""), to); break;
            case AnswerEvent.ToolArguments fragment: Delta("response.function_call_arguments.delta", fragment.Fragment, to); break;
            case AnswerEvent.Tokens tokens: usage = tokens.Usage; break;
            case AnswerEvent.Stop stop: reason = stop.Reason; break;
            case AnswerEvent.End:
                Finish(to);
                Whole(Status(reason) == "completed" ? "response.completed" : "response.incomplete", Status(reason), to);
                break;
        }
    }

    /// <summary>Whether all of the answer is there, and only its end is still to be written.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Closes what is open, and makes of the answer what is kept.</summary>
    /// <param name="answer">The whole of it; null for a stream, of which all events but the end were written.</param>
    public StoredResponse Settle(WholeAnswer? answer, IBufferWriter<byte> to)
    {
        if (answer is not null) Fill(answer);
        else Finish(to);
        IsSettled = true;
        var status = Status(reason);
        var previous = Faults.Member(Head.Request, "previous_response_id").TryGetString(out var id) ? id : null;
        return new StoredResponse($"resp_{Head.Id}", previous, Bytes(json => Response(json, status, hasOutput: false)), InputItems.Of(Head.Request["input"], Head.Id).ToUtf8Bytes(), Bytes(json => Output(json, status)), usage.Input + usage.Output);
    }

    /// <summary>Behind <see cref="Settle"/>: whether it was kept.</summary>
    public void Settled(bool isKeptNow) => isKept = isKeptNow;

    protected override void Whole(WholeAnswer answer, Utf8JsonWriter json)
    {
        if (!IsSettled) Fill(answer);
        Response(json, Status(reason));
    }

    private void Fill(WholeAnswer answer)
    {
        (model, reason, usage) = (answer.Model, answer.Reason, answer.Usage);
        items.AddRange(answer.Parts);
    }

    private static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, RequestWriter.Json)) write(json);
        return bytes.ToArray();
    }

    private static string Status(StopReason reason) => reason is StopReason.MaxTokens or StopReason.ContextFull or StopReason.Refused ? "incomplete" : "completed";

    /// <summary>Names the item at a place.</summary>
    private string Id(Part part, int at) => $"{part switch { Part.ToolCall => "fc", Part.Thinking or Part.Redacted => "rs", _ => "msg" }}_{Head.Id}_{at}";

    private void Begin(Part part, IBufferWriter<byte> to)
    {
        Finish(to);
        open = part;
        content.Clear();
        var json = OpenNumbered("response.output_item.added", to);
        json.WriteNumber("output_index", items.Count);
        json.WriteStartObject("item");
        Item(json, part, items.Count, "in_progress", isBegun: true);
        json.WriteEndObject();
        Close(to);
        if (part is Part.Text or Part.Refusal) PartEvent("response.content_part.added", part, to);
        else if (part is Part.Thinking) PartEvent("response.reasoning_summary_part.added", part, to);
    }

    private void Finish(IBufferWriter<byte> to)
    {
        if (open is not { } part) return;
        var text = content.ToString();
        part = part switch
        {
            Part.Text => new Part.Text(text),
            Part.Refusal => new Part.Refusal(text),
            Part.Thinking thought => new Part.Thinking(text, thought.Signature),
            Part.ToolCall call => call with { Arguments = text.Length == 0 ? "{}" : text },
            _ => part,
        };
        switch (part)
        {
            case Part.Text: Done("response.output_text.done", "text", text, to); break;
            case Part.Refusal: Done("response.refusal.done", "refusal", text, to); break;
            case Part.Thinking: Done("response.reasoning_summary_text.done", "text", text, to); break;
            case Part.ToolCall call: Done("response.function_call_arguments.done", "arguments", call.Arguments, to); break;
        }
        if (part is Part.Text or Part.Refusal) PartEvent("response.content_part.done", part, to);
        else if (part is Part.Thinking) PartEvent("response.reasoning_summary_part.done", part, to);
        var json = OpenNumbered("response.output_item.done", to);
        json.WriteNumber("output_index", items.Count);
        json.WriteStartObject("item");
        Item(json, part, items.Count, "completed", isBegun: false);
        json.WriteEndObject();
        Close(to);
        items.Add(part);
        open = null;
    }

    private void Delta(string type, string delta, IBufferWriter<byte> to)
    {
        content.Append(delta);
        var json = OpenAt(type, to);
        json.WriteString("delta", delta);
        if (open is Part.Text) Empty(json, "logprobs");
        Close(to);
    }

    private void Done(string type, string member, string value, IBufferWriter<byte> to)
    {
        var json = OpenAt(type, to);
        json.WriteString(member, value);
        if (open is Part.ToolCall call) json.WriteString("name", call.Name);
        if (open is Part.Text) Empty(json, "logprobs");
        Close(to);
    }

    private void PartEvent(string type, Part part, IBufferWriter<byte> to)
    {
        var json = OpenAt(type, to);
        json.WriteStartObject("part");
        Content(json, part);
        json.WriteEndObject();
        Close(to);
    }

    private void Whole(string type, string status, IBufferWriter<byte> to)
    {
        var json = OpenNumbered(type, to);
        json.WritePropertyName("response");
        Response(json, status);
        Close(to);
    }

    private Utf8JsonWriter OpenNumbered(string type, IBufferWriter<byte> to)
    {
        var json = Open(type, to);
        json.WriteNumber("sequence_number", sequence++);
        return json;
    }

    /// <summary>An event of the item that is open.</summary>
    private Utf8JsonWriter OpenAt(string type, IBufferWriter<byte> to)
    {
        var json = OpenNumbered(type, to);
        json.WriteString("item_id", Id(open!, items.Count));
        json.WriteNumber("output_index", items.Count);
        if (open is Part.Thinking) json.WriteNumber("summary_index", 0);
        else if (open is not Part.ToolCall) json.WriteNumber("content_index", 0);
        return json;
    }

    private void Item(Utf8JsonWriter json, Part part, int at, string status, bool isBegun)
    {
        json.WriteString("id", Id(part, at));
        switch (part)
        {
            case Part.ToolCall call:
                json.WriteString("type", "function_call");
                json.WriteString("status", status);
                json.WriteString("call_id", call.Id);
                json.WriteString("name", call.Name);
                json.WriteString("arguments", call.Arguments);
                break;
            case Part.Thinking or Part.Redacted:
                json.WriteString("type", "reasoning");
                json.WriteStartArray("summary");
                if (!isBegun && part is Part.Thinking { Value.Length: > 0 }) Contents(json, part);
                json.WriteEndArray();
                json.WriteString("encrypted_content", part switch { Part.Redacted redacted => ResponsesReader.RedactedMark + redacted.Data, Part.Thinking { Signature: { } signature } => ResponsesReader.SignatureMark + signature, _ => null });
                break;
            default:
                json.WriteString("type", "message");
                json.WriteString("status", status);
                json.WriteString("role", "assistant");
                json.WriteStartArray("content");
                if (!isBegun) Contents(json, part);
                json.WriteEndArray();
                break;
        }
    }

    private static void Contents(Utf8JsonWriter json, Part part)
    {
        json.WriteStartObject();
        Content(json, part);
        json.WriteEndObject();
    }

    private static void Content(Utf8JsonWriter json, Part part)
    {
        switch (part)
        {
            case Part.Refusal refusal:
                json.WriteString("type", "refusal");
                json.WriteString("refusal", refusal.Value);
                break;
            case Part.Thinking thought:
                json.WriteString("type", "summary_text");
                json.WriteString("text", thought.Value);
                break;
            default:
                json.WriteString("type", "output_text");
                json.WriteString("text", (part as Part.Text)?.Value ?? "");
                Empty(json, "annotations");
                Empty(json, "logprobs");
                break;
        }
    }

    private static void Empty(Utf8JsonWriter json, string list)
    {
        json.WriteStartArray(list);
        json.WriteEndArray();
    }

    private void Response(Utf8JsonWriter json, string status, bool hasOutput = true)
    {
        json.WriteStartObject();
        json.WriteString("id", $"resp_{Head.Id}");
        json.WriteString("object", "response");
        json.WriteNumber("created_at", Head.Created);
        json.WriteString("status", status);
        json.WriteNull("error");
        if (status == "incomplete")
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", reason == StopReason.Refused ? "content_filter" : "max_output_tokens");
            json.WriteEndObject();
        }
        else json.WriteNull("incomplete_details");
        json.WriteString("model", model ?? Head.Model);
        if (hasOutput)
        {
            json.WritePropertyName("output");
            Output(json, status);
        }
        Repeat(json);
        json.WriteBoolean("store", isKept);
        if (status == "in_progress") json.WriteNull("usage");
        else Usage(json, usage);
        json.WriteEndObject();
    }

    private void Output(Utf8JsonWriter json, string status)
    {
        json.WriteStartArray();
        for (var i = 0; i < items.Count; i++)
        {
            json.WriteStartObject();
            Item(json, items[i], i, i == items.Count - 1 && status == "incomplete" ? "incomplete" : "completed", isBegun: false);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>What the request said, or what holds where it said nothing.</summary>
    private void Repeat(Utf8JsonWriter json)
    {
        ReadOnlySpan<(string Name, JqValue Default)> members =
        [
            ("instructions", JqValue.Null), ("max_output_tokens", JqValue.Null), ("metadata", JqValue.EmptyObject), ("parallel_tool_calls", true), ("previous_response_id", JqValue.Null),
            ("reasoning", JqValue.Object(("effort", JqValue.Null), ("summary", JqValue.Null))), ("temperature", 1), ("text", JqValue.Object(("format", JqValue.Object(("type", "text"))))),
            ("tool_choice", "auto"), ("tools", JqValue.EmptyArray), ("top_p", 1), ("truncation", "disabled"),
        ];
        foreach (var (name, value) in members) json.Member(name, Faults.Member(Head.Request, name) is { IsNull: false } said ? said : value);
    }

    private static void Usage(Utf8JsonWriter json, AnswerUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", usage.Input);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", usage.CacheRead);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", usage.Output);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.Reasoning);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", usage.Input + usage.Output);
        json.WriteEndObject();
    }
}
