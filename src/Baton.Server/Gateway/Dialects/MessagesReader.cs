using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Reads requests in Anthropic's messages.</summary>
internal static class MessagesReader
{
    /// <summary>A provider that holds the conversation is sent the newest messages only. Its SDKs know this refusal, and then send all of them.</summary>
    private static readonly GatewayError HoldsNoThread = GatewayError.Invalid("'thread' cannot be translated: the conversation would be kept at the provider. Send all of it, without 'thread'.", "thread", Faults.TranslationCode) with
    {
        Details = JqValue.Object(("error_code", "thread_unsupported_request"), ("unsupported", JqValue.Array("thread"))),
    };

    public static Conversation Read(JqValue body, Faults faults)
    {
        if (!body["thread"].IsNull) faults.Add(HoldsNoThread);
        foreach (var member in (string[])["container", "mcp_servers"])
        {
            if (!body[member].IsNull && body[member] != JqValue.EmptyArray) faults.Untranslatable(member, "it is the provider's own.");
        }
        var messages = faults.List(body, "messages");
        if (messages.Count == 0) faults.Add("messages", "must be a list of at least one message.");
        var (choice, chosen) = Choice(body["tool_choice"], faults);
        var (effort, tokens) = Thinking(body, faults);
        return new Conversation
        {
            Turns = Turn.Join([new Turn(Role.System, Content(body, "system", "", faults)), .. messages.Select((message, index) => Message(message, $"messages[{index}]", faults))]),
            Tools = [.. faults.List(body, "tools").Select((tool, index) => Tool(tool, $"tools[{index}]", faults))],
            Choice = choice,
            ChosenTool = chosen,
            OneToolAtATime = faults.Flag(body["tool_choice"], "disable_parallel_tool_use", "tool_choice") == true,
            Format = Format(body, faults),
            Effort = effort,
            ThinkingTokens = tokens,
            MaxTokens = faults.Whole(body, "max_tokens", 1),
            Temperature = faults.Number(body, "temperature", 0, 1),
            TopP = faults.Number(body, "top_p", 0, 1),
            TopK = faults.Whole(body, "top_k", 0) is > 0 and var top ? top : null,
            Stop = faults.Texts(body, "stop_sequences"),
            User = faults.Optional(body["metadata"], "user_id", "metadata"),
            IsStream = faults.Flag(body, "stream") == true,
            WantsUsage = true,
        };
    }

    private static (Effort, long?) Thinking(JqValue body, Faults faults)
    {
        var effort = faults.Optional(body["output_config"], "effort", "output_config") switch { null => Effort.Unsaid, "low" => Effort.Low, "medium" => Effort.Medium, "high" => Effort.High, _ => Effort.Highest };
        switch (faults.Optional(body["thinking"], "type", "thinking"))
        {
            case "disabled": return (Effort.Disabled, null);
            case "adaptive": return (effort == Effort.Unsaid ? Effort.High : effort, null);   // its default there
            case "enabled":
                var tokens = faults.Whole(body["thinking"], "budget_tokens", 1, "thinking");
                return (tokens switch { <= Efforts.LowTokens => Effort.Low, <= Efforts.MediumTokens => Effort.Medium, _ => Effort.High }, tokens);
            case null or "between_tools": return (Effort.Unsaid, null);   // effort alone makes no model think that would not
            case var type: faults.Add("thinking.type", $"must be enabled, adaptive, between_tools or disabled, not '{type}'."); return (Effort.Unsaid, null);
        }
    }

    private static Turn Message(JqValue message, string path, Faults faults)
    {
        var role = faults.Text(message, "role", path);
        if (role is not ("user" or "assistant" or "system")) faults.Add($"{path}.role", $"must be user or assistant, not '{role}'.");
        return new Turn(role switch { "assistant" => Role.Assistant, "system" => Role.System, _ => Role.User }, Content(message, "content", path, faults));
    }

    private static ImmutableArray<Part> Content(JqValue parent, string member, string path, Faults faults)
    {
        var content = Faults.Member(parent, member);
        if (content.TryGetString(out var text)) return text.Length == 0 ? [] : [new Part.Text(text)];
        return [.. faults.List(parent, member, path).Select((block, index) => Block(block, $"{Faults.Join(path, member)}[{index}]", faults))];
    }

    private static Part Block(JqValue block, string path, Faults faults)
    {
        switch (faults.Text(block, "type", path))
        {
            case "text": return new Part.Text(faults.Text(block, "text", path));
            case "image" or "document": return Source(block, block["type"] == "image", path, faults);
            case "tool_use": return new Part.ToolCall(faults.Text(block, "id", path), faults.Text(block, "name", path), Faults.Member(block, "input") is { IsObject: true } input ? input.ToJson() : "{}");
            case "tool_result": return new Part.ToolResult(faults.Text(block, "tool_use_id", path), Content(block, "content", path, faults), faults.Flag(block, "is_error", path) == true);
            case "thinking": return new Part.Thinking(faults.Text(block, "thinking", path), faults.Optional(block, "signature", path) is { Length: > 0 } signature ? signature : null);
            case "redacted_thinking": return new Part.Redacted(faults.Text(block, "data", path));
            case var type: faults.Untranslatable($"{path}.type", $"'{type}' is not known elsewhere."); break;
        }
        return new Part.Text("");
    }

    private static Part Source(JqValue block, bool isImage, string path, Faults faults)
    {
        var source = block["source"];
        switch (faults.Text(source, "type", $"{path}.source"))
        {
            case "base64":
                var url = Media.Url(faults.Text(source, "media_type", $"{path}.source"), faults.Text(source, "data", $"{path}.source"));
                return isImage ? Media.Image(url, null, $"{path}.source", faults) : Media.Document(url, faults.Optional(block, "title", path), $"{path}.source", faults);
            case "url" when isImage: return Media.Image(faults.Text(source, "url", $"{path}.source"), null, $"{path}.source.url", faults);
            case "text" when !isImage: return new Part.Text(faults.Text(source, "data", $"{path}.source"));
            case "content" when !isImage && source["content"].TryGetString(out var text): return new Part.Text(text);
            case var type: faults.Untranslatable($"{path}.source.type", $"a source of the type '{type}' is not known elsewhere."); return new Part.Text("");
        }
    }

    private static ToolOffer Tool(JqValue tool, string path, Faults faults)
    {
        if (faults.Optional(tool, "type", path) is not (null or "custom")) faults.Untranslatable($"{path}.type", "the provider's own tools are known there only.");
        return new ToolOffer(faults.Text(tool, "name", path), faults.Optional(tool, "description", path), Faults.Member(tool, "input_schema"), faults.Flag(tool, "strict", path) == true);
    }

    private static (ToolChoice, string?) Choice(JqValue choice, Faults faults)
    {
        switch (faults.Optional(choice, "type", "tool_choice"))
        {
            case null or "auto": return (ToolChoice.Auto, null);
            case "none": return (ToolChoice.None, null);
            case "any": return (ToolChoice.Required, null);
            case "tool": return (ToolChoice.Named, faults.Text(choice, "name", "tool_choice"));
            case var type: faults.Add("tool_choice.type", $"must be auto, any, tool or none, not '{type}'."); return (ToolChoice.Auto, null);
        }
    }

    /// <summary>Where it stands now, or where it stood before that.</summary>
    private static AnswerFormat? Format(JqValue body, Faults faults)
    {
        var (format, path) = Faults.Member(body["output_config"], "format") is { IsNull: false } now ? (now, "output_config.format") : (body["output_format"], "output_format");
        return ChatReader.FormatOf(faults.Optional(format, "type", path), format, path, faults) is { } found ? found with { IsStrict = true } : null;
    }
}
