using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Writes answers in OpenAI's responses: items, each begun, filled and finished before the next.</summary>
/// <param name="keeps">Whether it is to be kept here; how that went is told with its end.</param>
internal sealed partial class ResponsesAnswerWriter(AnswerHead head, bool keeps) : AnswerWriter(head)
{
    private readonly List<Part> items = [];
    private readonly StringBuilder content = new();
    private Part? open;
    private string? model;
    private StopReason reason;
    private AnswerUsage usage = AnswerUsage.None;
    private bool isKept = keeps;

    /// <summary>The number of the next.</summary>
    public long EventsWritten { get; private set; }

    public override void Write(AnswerEvent said, IBufferWriter<byte> to)
    {
        switch (said)
        {
            case AnswerEvent.Start start:
                model = start.Model;
                Whole("response.created", "in_progress", to);
                Whole("response.in_progress", "in_progress", to);
                break;
            case AnswerEvent.Ping: Comment(to); break;
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
                Finish(to, Status(reason));
                Whole(Status(reason) == "completed" ? "response.completed" : "response.incomplete", Status(reason), to);
                break;
        }
    }

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

    /// <param name="status">Of the item: the last one is cut off where the answer is.</param>
    private void Finish(IBufferWriter<byte> to, string status = "completed")
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
        Item(json, part, items.Count, status, isBegun: false);
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
        json.WriteNumber("sequence_number", EventsWritten++);
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
}
