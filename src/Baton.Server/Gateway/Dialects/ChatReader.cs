using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Reads requests in OpenAI's chat completions.</summary>
internal static class ChatReader
{
    /// <summary>What changes the answer, and has no word elsewhere.</summary>
    private static readonly (string Member, string Why)[] Refused =
    [
        ("logit_bias", "no other dialect has it."), ("audio", "answers are texts there."), ("web_search_options", "searching is this provider's own."),
        ("functions", "use 'tools'."), ("function_call", "use 'tool_choice'."),
    ];

    public static Conversation Read(JqValue body, Faults faults)
    {
        foreach (var (member, why) in Refused)
        {
            if (Faults.Member(body, member) is var value && !value.IsNull && value != JqValue.EmptyObject && value != JqValue.EmptyArray) faults.Untranslatable(member, why);
        }
        if (faults.Whole(body, "n", 1) > 1) faults.Untranslatable("n", "the target gives one answer a request.");
        if (faults.Flag(body, "logprobs") == true) faults.Untranslatable("logprobs", "the target does not say them.");
        if (faults.List(body, "modalities").Any(mode => mode != "text")) faults.Untranslatable("modalities", "the target answers in text only.");
        var messages = faults.List(body, "messages");
        if (messages.Count == 0) faults.Add("messages", "must be a list of at least one message.");
        var (choice, chosen) = Choice(body, faults);
        var (effort, tokens) = Thinking(body, faults);
        return new Conversation
        {
            Turns = Turn.Join(messages.Select((message, index) => Message(message, $"messages[{index}]", faults))),
            Tools = [.. faults.List(body, "tools").Select((tool, index) => Tool(tool, $"tools[{index}]", faults))],
            Choice = choice,
            ChosenTool = chosen,
            OneToolAtATime = faults.Flag(body, "parallel_tool_calls") == false,
            Format = Format(body["response_format"], faults),
            Effort = effort,
            ThinkingTokens = tokens,
            MaxTokens = faults.Whole(body, "max_completion_tokens", 1) ?? faults.Whole(body, "max_tokens", 1),
            Temperature = faults.Number(body, "temperature", 0, 2),
            TopP = faults.Number(body, "top_p", 0, 1),
            TopK = faults.Whole(body, "top_k", -1) is > 0 and var top ? top : null,   // of vLLM and its like; -1 and 0 for all
            FrequencyPenalty = faults.Number(body, "frequency_penalty", -2, 2),
            PresencePenalty = faults.Number(body, "presence_penalty", -2, 2),
            Seed = faults.Whole(body, "seed", long.MinValue),
            Stop = faults.Texts(body, "stop"),
            User = faults.Optional(body, "safety_identifier", "") ?? faults.Optional(body, "user", ""),
            IsStream = faults.Flag(body, "stream") == true,
            WantsUsage = faults.Flag(body["stream_options"], "include_usage", "stream_options") == true,
        };
    }

    /// <summary>OpenAI's word for how much to think, as chat completions and responses have it.</summary>
    public static Effort EffortOf(string? word, string path, Faults faults)
    {
        switch (word)
        {
            case null: return Effort.Unsaid;
            case "none": return Effort.None;
            case "minimal": return Effort.Minimal;
            case "low": return Effort.Low;
            case "medium": return Effort.Medium;
            case "high": return Effort.High;
            case "xhigh" or "max": return Effort.Highest;
        }
        faults.Add(path, "must be none, minimal, low, medium, high or xhigh.");
        return Effort.Unsaid;
    }

    /// <summary>A format with its name and schema: under <c>json_schema</c> in chat completions, flat in responses.</summary>
    public static AnswerFormat? FormatOf(string? type, JqValue schema, string path, Faults faults)
    {
        switch (type)
        {
            case null or "text": return null;
            case "json_object": return new AnswerFormat("answer", null, false);
            case "json_schema" when Faults.Member(schema, "schema").IsObject: return new AnswerFormat(faults.Optional(schema, "name", path) ?? "answer", schema["schema"], faults.Flag(schema, "strict", path) == true);
            case "json_schema": faults.Add(Faults.Join(path, "schema"), "must be a JSON Schema."); return null;
        }
        faults.Untranslatable(path, $"the format '{type}' is not known elsewhere.");
        return null;
    }

    private static (Effort, long?) Thinking(JqValue body, Faults faults)
    {
        var reasoning = body["reasoning"];   // as some hosts have it: { effort, max_tokens }
        var effort = EffortOf(faults.Optional(body, "reasoning_effort", "") ?? faults.Optional(reasoning, "effort", "reasoning"), "reasoning_effort", faults);
        return (effort, faults.Whole(reasoning, "max_tokens", 1, "reasoning"));
    }

    private static Turn Message(JqValue message, string path, Faults faults)
    {
        switch (faults.Text(message, "role", path))
        {
            case "system" or "developer": return new Turn(Role.System, Content(message, path, faults));
            case "user": return new Turn(Role.User, Content(message, path, faults));
            case "assistant": return new Turn(Role.Assistant, [.. Thoughts(message, path, faults), .. Content(message, path, faults), .. Calls(message, path, faults)]);
            case "tool": return new Turn(Role.User, [new Part.ToolResult(faults.Text(message, "tool_call_id", path), Content(message, path, faults), false)]);
            case "function": faults.Untranslatable($"{path}.role", "functions are tools now: use 'tool'."); break;
            case var role: faults.Add($"{path}.role", $"must be system, developer, user, assistant or tool, not '{role}'."); break;
        }
        return new Turn(Role.User, []);
    }

    private static ImmutableArray<Part> Content(JqValue message, string path, Faults faults)
    {
        var content = Faults.Member(message, "content");
        if (content.TryGetString(out var text)) return text.Length == 0 ? [] : [new Part.Text(text) { CacheControl = message["cache_control"] }];
        return [.. faults.List(message, "content", path).Select((part, index) => PartOf(part, $"{path}.content[{index}]", faults)), .. faults.Optional(message, "refusal", path) is { Length: > 0 } refusal ? [new Part.Text(refusal)] : ImmutableArray<Part>.Empty];
    }

    private static Part PartOf(JqValue part, string path, Faults faults)
    {
        var cache = Faults.Member(part, "cache_control");
        switch (faults.Text(part, "type", path))
        {
            case "text": return new Part.Text(faults.Text(part, "text", path)) { CacheControl = cache };
            case "refusal": return new Part.Text(faults.Text(part, "refusal", path));
            case "image_url": return Media.Image(faults.Text(part["image_url"], "url", $"{path}.image_url"), faults.Optional(part["image_url"], "detail", $"{path}.image_url"), $"{path}.image_url.url", faults) with { CacheControl = cache };
            case "file" when !Faults.Member(part["file"], "file_data").IsNull:
                return Media.Document(faults.Text(part["file"], "file_data", $"{path}.file"), faults.Optional(part["file"], "filename", $"{path}.file"), $"{path}.file.file_data", faults) with { CacheControl = cache };
            case "file": faults.Untranslatable($"{path}.file", "files kept at a provider are there only; send 'file_data'."); break;
            case var type: faults.Untranslatable($"{path}.type", $"the target takes no '{type}'."); break;
        }
        return new Part.Text("");
    }

    private static IEnumerable<Part> Thoughts(JqValue message, string path, Faults faults)
    {
        var details = faults.List(message, "reasoning_details", path);
        foreach (var detail in details.AsEnumerable())
        {
            if (Faults.Member(detail, "type") == "reasoning.encrypted" && detail["data"].TryGetString(out var data)) yield return new Part.Redacted(data);
            else if (Faults.Member(detail, "text").TryGetString(out var thought)) yield return new Part.Thinking(thought, detail["signature"].TryGetString(out var signature) && signature.Length > 0 ? signature : null);
        }
        if (details.Count == 0 && (faults.Optional(message, "reasoning_content", path) ?? faults.Optional(message, "reasoning", path)) is { Length: > 0 } text) yield return new Part.Thinking(text, null);
    }

    private static IEnumerable<Part> Calls(JqValue message, string path, Faults faults)
    {
        if (!Faults.Member(message, "function_call").IsNull) faults.Untranslatable($"{path}.function_call", "use 'tool_calls'.");
        var index = 0;
        foreach (var call in faults.List(message, "tool_calls", path).AsEnumerable())
        {
            var at = $"{path}.tool_calls[{index++}]";
            if (!Faults.Member(call, "function").IsObject) faults.Untranslatable(at, "only functions are known elsewhere.");
            else yield return new Part.ToolCall(faults.Text(call, "id", at), faults.Text(call["function"], "name", $"{at}.function"), faults.Text(call["function"], "arguments", $"{at}.function"));
        }
    }

    private static ToolOffer Tool(JqValue tool, string path, Faults faults)
    {
        var function = Faults.Member(tool, "function");
        if (!function.IsObject) faults.Untranslatable(path, "only functions are known elsewhere.");
        return new ToolOffer(faults.Text(function, "name", $"{path}.function"), faults.Optional(function, "description", $"{path}.function"), Faults.Member(function, "parameters"), faults.Flag(function, "strict", $"{path}.function") == true)
        {
            CacheControl = Faults.Member(tool, "cache_control"),
        };
    }

    private static (ToolChoice, string?) Choice(JqValue body, Faults faults)
    {
        var choice = body["tool_choice"];
        if (choice.IsNull || choice == "auto") return (ToolChoice.Auto, null);
        if (choice == "none") return (ToolChoice.None, null);
        if (choice == "required") return (ToolChoice.Required, null);
        if (Faults.Member(choice, "type") == "function") return (ToolChoice.Named, faults.Text(choice["function"], "name", "tool_choice.function"));
        faults.Untranslatable("tool_choice", "known elsewhere are none, auto, required, and one function by its name.");
        return (ToolChoice.Auto, null);
    }

    private static AnswerFormat? Format(JqValue format, Faults faults) => FormatOf(faults.Optional(format, "type", "response_format"), Faults.Member(format, "json_schema"), "response_format.json_schema", faults);
}
