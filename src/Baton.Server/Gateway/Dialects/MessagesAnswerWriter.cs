using System.Buffers;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Writes answers in Anthropic's messages: blocks, one behind the other.</summary>
internal sealed class MessagesAnswerWriter(AnswerHead head) : AnswerWriter(head)
{
    private Block open;
    private int index = -1;
    private AnswerEvent.Stop stop = new(StopReason.Done, null);
    private AnswerUsage usage = AnswerUsage.None;
    private bool hasDeclined;

    private enum Block
    {
        None,
        Text,
        Thinking,
        Call,
    }

    public override void Write(AnswerEvent said, IBufferWriter<byte> to)
    {
        switch (said)
        {
            case AnswerEvent.Start start: Start(start, to); break;
            case AnswerEvent.Ping:
                Open("ping", to);
                Close(to);
                break;
            case AnswerEvent.Text text: Text(text.Value, to); break;
            case AnswerEvent.Refusal refusal:
                hasDeclined = true;
                Text(refusal.Value, to);
                break;
            case AnswerEvent.Thinking thought:
                BeginThoughts(to);
                Delta("thinking_delta", "thinking", thought.Value, to);
                break;
            case AnswerEvent.Signature signature:
                BeginThoughts(to);
                Delta("signature_delta", "signature", signature.Value, to);
                EndBlock(to);
                break;
            case AnswerEvent.Redacted redacted:
                BeginBlock(Block.Text, to, json => Part(json, new Part.Redacted(redacted.Data)));
                EndBlock(to);
                break;
            case AnswerEvent.ToolStart call: BeginBlock(Block.Call, to, json => Part(json, new Part.ToolCall(call.Id, call.Name, "{}"))); break;
            case AnswerEvent.ToolArguments fragment: Delta("input_json_delta", "partial_json", fragment.Fragment, to); break;
            case AnswerEvent.Tokens tokens: usage = tokens.Usage; break;
            case AnswerEvent.Stop stopped: stop = stopped; break;
            case AnswerEvent.End: End(to); break;
        }
    }

    protected override void Whole(WholeAnswer answer, Utf8JsonWriter json)
    {
        json.WriteStartObject();
        Begin(json, answer.Model);
        json.WriteStartArray("content");
        foreach (var part in answer.Parts)
        {
            json.WriteStartObject();
            Part(json, part);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("stop_reason", Word(answer.Reason, answer.Parts.Any(static part => part is Part.Refusal)));
        json.WriteString("stop_sequence", answer.Sequence);
        Usage(json, answer.Usage);
        json.WriteEndObject();
    }

    /// <param name="hasDeclined">Whether the model has said so in words: others see that by their own member, here only the reason tells it from a text.</param>
    private static string Word(StopReason reason, bool hasDeclined) => reason switch
    {
        StopReason.Done when hasDeclined => "refusal",
        StopReason.MaxTokens => "max_tokens",
        StopReason.StopSequence => "stop_sequence",
        StopReason.ToolUse => "tool_use",
        StopReason.Refused => "refusal",
        StopReason.Paused => "pause_turn",
        StopReason.ContextFull => "model_context_window_exceeded",
        _ => "end_turn",
    };

    private static void Part(Utf8JsonWriter json, Part part)
    {
        switch (part)
        {
            case Part.Thinking thought:
                json.WriteString("type", "thinking");
                json.WriteString("thinking", thought.Value);
                json.WriteString("signature", thought.Signature ?? "");   // its SDKs expect one
                break;
            case Part.Redacted redacted:
                json.WriteString("type", "redacted_thinking");
                json.WriteString("data", redacted.Data);
                break;
            case Part.ToolCall call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", call.Id);
                json.WriteString("name", call.Name);
                json.Member("input", Arguments.Read(call.Arguments));
                break;
            default:
                json.WriteString("type", "text");
                json.WriteString("text", (part as Part.Text)?.Value ?? (part as Part.Refusal)?.Value ?? "");
                break;
        }
    }

    private void Start(AnswerEvent.Start start, IBufferWriter<byte> to)
    {
        var json = Open("message_start", to);
        json.WriteStartObject("message");
        Begin(json, start.Model);
        json.WriteStartArray("content");
        json.WriteEndArray();
        json.WriteNull("stop_reason");
        json.WriteNull("stop_sequence");
        Usage(json, usage);   // others count at the end: the last event tells all
        json.WriteEndObject();
        Close(to);
    }

    private void Text(string text, IBufferWriter<byte> to)
    {
        if (open != Block.Text) BeginBlock(Block.Text, to, static json => Part(json, new Part.Text("")));
        Delta("text_delta", "text", text, to);
    }

    private void BeginThoughts(IBufferWriter<byte> to)
    {
        if (open != Block.Thinking) BeginBlock(Block.Thinking, to, static json => Part(json, new Part.Thinking("", null)));
    }

    private void BeginBlock(Block kind, IBufferWriter<byte> to, Action<Utf8JsonWriter> write)
    {
        EndBlock(to);
        open = kind;
        var json = Open("content_block_start", to);
        json.WriteNumber("index", ++index);
        json.WriteStartObject("content_block");
        write(json);
        json.WriteEndObject();
        Close(to);
    }

    private void EndBlock(IBufferWriter<byte> to)
    {
        if (open == Block.None) return;
        open = Block.None;
        Open("content_block_stop", to).WriteNumber("index", index);
        Close(to);
    }

    private void Delta(string type, string member, string value, IBufferWriter<byte> to)
    {
        var json = Open("content_block_delta", to);
        json.WriteNumber("index", index);
        json.WriteStartObject("delta");
        json.WriteString("type", type);
        json.WriteString(member, value);
        json.WriteEndObject();
        Close(to);
    }

    private void End(IBufferWriter<byte> to)
    {
        EndBlock(to);
        var json = Open("message_delta", to);
        json.WriteStartObject("delta");
        json.WriteString("stop_reason", Word(stop.Reason, hasDeclined));
        json.WriteString("stop_sequence", stop.Sequence);
        json.WriteEndObject();
        Usage(json, usage);
        Close(to);
        Open("message_stop", to);
        Close(to);
    }

    private void Begin(Utf8JsonWriter json, string? model)
    {
        json.WriteString("id", $"msg_{Head.Id}");
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", model ?? Head.Model);
    }

    /// <summary>There the tokens of the prompt are without those of caches.</summary>
    private static void Usage(Utf8JsonWriter json, AnswerUsage usage)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", Math.Max(0, usage.Input - usage.CacheRead - usage.CacheWrite));
        json.WriteNumber("cache_creation_input_tokens", usage.CacheWrite);
        json.WriteNumber("cache_read_input_tokens", usage.CacheRead);
        json.WriteNumber("output_tokens", usage.Output);
        json.WriteEndObject();
    }
}
