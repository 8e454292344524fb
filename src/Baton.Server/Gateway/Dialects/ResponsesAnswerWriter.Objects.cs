using System.Buffers;
using System.Text.Json;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>The objects of an answer: the response and its items, as they are told and as they are kept.</summary>
internal sealed partial class ResponsesAnswerWriter
{
    /// <summary>Whether all of the answer is there, and only its end is still to be written.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Closes what is open, and makes of the answer what is kept.</summary>
    /// <param name="answer">The whole of it; null for a stream, of which all events but the end were written.</param>
    public StoredResponse Settle(WholeAnswer? answer, IBufferWriter<byte> to)
    {
        if (answer is not null) Fill(answer);
        else Finish(to, Status(reason));
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
