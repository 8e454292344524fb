using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Writes answers in OpenAI's chat completions. Thoughts stand in <c>reasoning_content</c>, and once more with their signatures in <c>reasoning_details</c>.</summary>
internal sealed class ChatAnswerWriter(AnswerHead head) : AnswerWriter(head)
{
    private readonly StringBuilder thoughts = new();
    private string? model;
    private StopReason reason;
    private AnswerUsage usage = AnswerUsage.None;

    public override void Write(AnswerEvent said, IBufferWriter<byte> to)
    {
        switch (said)
        {
            case AnswerEvent.Start start:
                model = start.Model;
                Delta(to, static json =>
                {
                    json.WriteString("role", "assistant");
                    json.WriteString("content", "");
                });
                break;
            case AnswerEvent.Ping: Comment(to); break;
            case AnswerEvent.Text text: Delta(to, "content", text.Value); break;
            case AnswerEvent.Refusal refusal: Delta(to, "refusal", refusal.Value); break;
            case AnswerEvent.Thinking thought:
                thoughts.Append(thought.Value);
                Delta(to, "reasoning_content", thought.Value);
                break;
            case AnswerEvent.Signature signature:
                Delta(to, json => Details(json, [new Part.Thinking(thoughts.ToString(), signature.Value)]));
                thoughts.Clear();
                break;
            case AnswerEvent.Redacted redacted: Delta(to, json => Details(json, [new Part.Redacted(redacted.Data)])); break;
            case AnswerEvent.ToolStart call: Delta(to, json => Call(json, call.Call, call.Id, call.Name, "")); break;
            case AnswerEvent.ToolArguments fragment: Delta(to, json => Call(json, fragment.Call, null, null, fragment.Fragment)); break;
            case AnswerEvent.Tokens tokens: usage = tokens.Usage; break;
            case AnswerEvent.Stop stop: reason = stop.Reason; break;
            case AnswerEvent.End: End(to); break;
        }
    }

    protected override void Whole(WholeAnswer answer, Utf8JsonWriter json)
    {
        model = answer.Model;
        json.WriteStartObject();
        Begin(json, "chat.completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        Message(json, answer);
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", Word(answer.Reason));
        json.WriteEndObject();
        json.WriteEndArray();
        Usage(json, answer.Usage);
        json.WriteEndObject();
    }

    private static string Word(StopReason reason) => reason switch
    {
        StopReason.MaxTokens or StopReason.ContextFull => "length",
        StopReason.ToolUse => "tool_calls",
        StopReason.Refused => "content_filter",
        _ => "stop",
    };

    private static void Message(Utf8JsonWriter json, WholeAnswer answer)
    {
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        var text = string.Concat(answer.Parts.OfType<Part.Text>().Select(part => part.Value));
        if (text.Length > 0 || !answer.Parts.Any(part => part is Part.ToolCall or Part.Refusal)) json.WriteString("content", text);
        else json.WriteNull("content");
        var refusal = string.Concat(answer.Parts.OfType<Part.Refusal>().Select(part => part.Value));
        json.WriteString("refusal", refusal.Length > 0 ? refusal : null);
        var said = string.Join("\n\n", answer.Parts.OfType<Part.Thinking>().Select(part => part.Value).Where(thought => thought.Length > 0));
        if (said.Length > 0) json.WriteString("reasoning_content", said);
        var signed = answer.Parts.Where(part => part is Part.Redacted or Part.Thinking { Signature: not null }).ToList();
        if (signed.Count > 0) Details(json, signed);
        var calls = answer.Parts.OfType<Part.ToolCall>().ToList();
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls) CallObject(json, null, call.Id, call.Name, call.Arguments);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>What has to come back unchanged for the model to go on from its thoughts.</summary>
    private static void Details(Utf8JsonWriter json, IEnumerable<Part> parts)
    {
        json.WriteStartArray("reasoning_details");
        foreach (var part in parts)
        {
            json.WriteStartObject();
            json.WriteString("type", part is Part.Redacted ? "reasoning.encrypted" : "reasoning.text");
            if (part is Part.Redacted redacted) json.WriteString("data", redacted.Data);
            if (part is Part.Thinking thought)
            {
                json.WriteString("text", thought.Value);
                json.WriteString("signature", thought.Signature);
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void Call(Utf8JsonWriter json, int index, string? id, string? name, string arguments)
    {
        json.WriteStartArray("tool_calls");
        CallObject(json, index, id, name, arguments);
        json.WriteEndArray();
    }

    private static void CallObject(Utf8JsonWriter json, int? index, string? id, string? name, string arguments)
    {
        json.WriteStartObject();
        json.Optional("index", index);
        if (id is not null)
        {
            json.WriteString("id", id);
            json.WriteString("type", "function");
        }
        json.WriteStartObject("function");
        json.Optional("name", name);
        json.WriteString("arguments", arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void Delta(IBufferWriter<byte> to, string member, string value)
    {
        var json = OpenChoice(to);
        json.WriteString(member, value);
        CloseChoice(json, null, to);
    }

    private void Delta(IBufferWriter<byte> to, Action<Utf8JsonWriter> write)
    {
        var json = OpenChoice(to);
        write(json);
        CloseChoice(json, null, to);
    }

    private void End(IBufferWriter<byte> to)
    {
        CloseChoice(OpenChoice(to), Word(reason), to);
        if (Head.WantsUsage)
        {
            var json = Open(null, to);
            Begin(json, "chat.completion.chunk");
            json.WriteStartArray("choices");
            json.WriteEndArray();
            Usage(json, usage);
            Close(to);
        }
        to.Write("data: [DONE]\n\n"u8);
    }

    private Utf8JsonWriter OpenChoice(IBufferWriter<byte> to)
    {
        var json = Open(null, to);
        Begin(json, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
        return json;
    }

    private void CloseChoice(Utf8JsonWriter json, string? finish, IBufferWriter<byte> to)
    {
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finish);
        json.WriteEndObject();
        json.WriteEndArray();
        Close(to);
    }

    private void Begin(Utf8JsonWriter json, string kind)
    {
        json.WriteString("id", $"chatcmpl-{Head.Id}");
        json.WriteString("object", kind);
        json.WriteNumber("created", Head.Created);
        json.WriteString("model", model ?? Head.Model);
    }

    private static void Usage(Utf8JsonWriter json, AnswerUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", usage.Input);
        json.WriteNumber("completion_tokens", usage.Output);
        json.WriteNumber("total_tokens", usage.Input + usage.Output);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", usage.CacheRead);
        if (usage.CacheWrite > 0) json.WriteNumber("cache_write_tokens", usage.CacheWrite);
        json.WriteEndObject();
        json.WriteStartObject("completion_tokens_details");
        json.WriteNumber("reasoning_tokens", usage.Reasoning);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
