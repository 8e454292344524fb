using System.Text.Json;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Writes requests in Anthropic's messages.</summary>
internal sealed class MessagesWriter(Conversation conversation, ModelOptions options, Utf8JsonWriter json, Faults faults)
{
    /// <summary>Of an answer where neither the request nor the model's settings say how many it may have: the dialect demands a number.</summary>
    public const long DefaultMaxTokens = 8192;

    /// <summary>The tool by which a model answers in a format that its target has no member for.</summary>
    public const string FormatTool = "give_answer";

    public void Write()
    {
        var forced = UsesFormatTool(conversation, options);
        var thoughts = Thoughts(forced);
        var budget = thoughts && options.Thinking == "budget" ? Budget() : 0;
        thoughts &= options.Thinking != "budget" || budget > 0;
        json.WriteNumber("max_tokens", MaxTokens(budget));
        SystemText(forced);
        json.WriteStartArray("messages");
        var turns = Turns();
        for (var i = 0; i < turns.Count; i++) Say(turns[i], isLast: i == turns.Count - 1);
        json.WriteEndArray();
        json.WriteBoolean("stream", conversation.IsStream);
        // Who lets it think must leave the choice of words to it.
        if (!thoughts)
        {
            if (conversation.Temperature is { } temperature) json.WriteNumber("temperature", Math.Min(1, temperature));
            else json.Optional("top_p", conversation.TopP);   // newer models take one of the two
            json.Optional("top_k", conversation.TopK);
        }
        json.Texts("stop_sequences", conversation.Stop.Where(text => !string.IsNullOrWhiteSpace(text)).ToList());
        if (Pseudonym.ForAnthropic(conversation.User) is { } user)
        {
            json.WriteStartObject("metadata");
            json.WriteString("user_id", user);
            json.WriteEndObject();
        }
        if (thoughts) Thinking(budget);
        OutputConfig(thoughts);
        Tools(forced);
    }

    /// <summary>Whether the format is told as a tool that must be called: where a setting says so, or the schema is one that the dialect's own member does not take.</summary>
    public static bool UsesFormatTool(Conversation conversation, ModelOptions options) =>
        options.StructuredOutput is "tool" or "json_schema" && conversation.Format?.Schema is { IsObject: true } schema && schema["type"] == "object" && !UsesOutputConfig(conversation, options);

    private static bool UsesOutputConfig(Conversation conversation, ModelOptions options) => options.StructuredOutput == "json_schema" && conversation.Format?.Schema is { } schema && AnthropicSubset.Holds(schema);

    private void SystemText(bool forced)
    {
        var words = forced || UsesOutputConfig(conversation, options) ? null : RequestWriter.FormatInWords(conversation);
        var parts = conversation.Turns.Where(turn => turn.Role == Role.System).SelectMany(turn => turn.Parts).OfType<Part.Text>().Where(part => part.Value.Length > 0).ToList();
        if (words is not null) parts.Add(new Part.Text(words));
        if (parts.Count == 0 || IsSystemOnly) return;
        if (parts.TrueForAll(part => part.CacheControl.IsNull)) json.WriteString("system", string.Join("\n\n", parts.Select(part => part.Value)));
        else
        {
            json.WriteStartArray("system");
            foreach (var part in parts) Text(part.Value, part.CacheControl);
            json.WriteEndArray();
        }
    }

    private bool IsSystemOnly => conversation.Turns.All(turn => turn.Role == Role.System);

    /// <summary>Those of the two sides; where there are none, what the system says is the question: a conversation needs one.</summary>
    private List<Turn> Turns() => IsSystemOnly ? [.. Turn.Join(conversation.Turns.Select(turn => turn with { Role = Role.User }))] : [.. conversation.Turns.Where(turn => turn.Role != Role.System && turn.Parts.Any(IsSaid))];

    /// <summary>Texts of spaces alone are refused, and so are thoughts of others: a turn of such parts is none.</summary>
    private static bool IsSaid(Part part) => part is not Part.Thinking { Signature: null } && (part is not Part.Text text || !string.IsNullOrWhiteSpace(text.Value));

    private void Say(Turn turn, bool isLast)
    {
        json.WriteStartObject();
        json.WriteString("role", turn.Role == Role.Assistant ? "assistant" : "user");
        json.WriteStartArray("content");
        var parts = turn.Parts;
        for (var i = 0; i < parts.Length; i++) PartOf(isLast && i == parts.Length - 1 && turn.Role == Role.Assistant && parts[i] is Part.Text text ? text with { Value = text.Value.TrimEnd() } : parts[i]);   // a beginning of the answer must not end in space
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void PartOf(Part part)
    {
        if (!IsSaid(part)) return;
        switch (part)
        {
            case Part.Text text: Text(text.Value, part.CacheControl); break;
            case Part.Refusal refusal: Text(refusal.Value, JqValue.Null); break;
            case Part.ImageUrl image: Source("image", part, "url", ("url", image.Url)); break;
            case Part.Image image: Source("image", part, "base64", ("media_type", image.MediaType), ("data", image.Base64)); break;
            case Part.Document document: Source("document", part, "base64", ("media_type", document.MediaType), ("data", document.Base64)); break;
            case Part.Thinking { Signature: { } signature } thought: Block("thinking", ("thinking", thought.Value), ("signature", signature)); break;
            case Part.Redacted redacted: Block("redacted_thinking", ("data", redacted.Data)); break;
            case Part.ToolCall call: Call(call); break;
            case Part.ToolResult result: Result(result); break;
        }
    }

    private void Text(string text, JqValue cacheControl)
    {
        json.WriteStartObject();
        json.WriteString("type", "text");
        json.WriteString("text", text);
        if (!cacheControl.IsNull) json.Member("cache_control", cacheControl);
        json.WriteEndObject();
    }

    private void Block(string type, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        foreach (var (name, value) in members) json.WriteString(name, value);
        json.WriteEndObject();
    }

    private void Source(string type, Part part, string kind, params ReadOnlySpan<(string Name, string Value)> members)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteStartObject("source");
        json.WriteString("type", kind);
        foreach (var (name, value) in members) json.WriteString(name, value);
        json.WriteEndObject();
        if (!part.CacheControl.IsNull) json.Member("cache_control", part.CacheControl);
        json.WriteEndObject();
    }

    private void Call(Part.ToolCall call)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_use");
        json.WriteString("id", Id(call.Id));
        json.WriteString("name", call.Name);
        json.Member("input", Arguments.Parse(call, faults));
        json.WriteEndObject();
    }

    private void Result(Part.ToolResult result)
    {
        json.WriteStartObject();
        json.WriteString("type", "tool_result");
        json.WriteString("tool_use_id", Id(result.CallId));
        json.WriteStartArray("content");
        foreach (var part in result.Content) PartOf(part);
        json.WriteEndArray();
        if (result.IsError) json.WriteBoolean("is_error", true);
        json.WriteEndObject();
    }

    /// <summary>Ids of calls may hold letters, digits, '_' and '-' only; the same id becomes the same each time.</summary>
    public static string Id(string id)
    {
        var isFit = id.Length > 0 && id.All(IsFit);
        return isFit ? id : id.Length == 0 ? "call" : string.Create(id.Length, id, static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++) to[i] = IsFit(from[i]) ? from[i] : '_';
        });

        static bool IsFit(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '-';
    }

    /// <summary>
    /// Whether the model shall think. A tool that must be called leaves no room for it, nor does an answer that has begun; and in the middle of work with tools it must be shown its own
    /// thoughts, with their signatures.
    /// </summary>
    private bool Thoughts(bool forced)
    {
        if (conversation.Effort is Effort.Unsaid or Effort.None or Effort.Disabled && conversation.ThinkingTokens is null) return false;
        if (forced || (!conversation.Tools.IsEmpty && conversation.Choice is ToolChoice.Required or ToolChoice.Named)) return false;
        var turns = Turn.Join(Turns());
        if (turns is [.., { Role: Role.Assistant }]) return false;
        if (turns is not [.., { Role: Role.Assistant } before, { Role: Role.User } last] || last.Parts is not [Part.ToolResult, ..]) return true;
        return before.Parts.First(IsSaid) is Part.Thinking or Part.Redacted;
    }

    /// <summary>Tokens to think with, so that half of an answer's tokens are left for the answer; 0 where that is too little to think.</summary>
    private long Budget()
    {
        var wanted = Math.Max(Efforts.LeastTokens, conversation.ThinkingTokens ?? Efforts.Tokens(conversation.Effort));
        if (RequestWriter.MaxTokens(conversation, options) is not { } most) return wanted;
        var fitting = Math.Min(wanted, most / 2);
        return fitting >= Efforts.LeastTokens ? fitting : 0;
    }

    private long MaxTokens(long budget) => RequestWriter.MaxTokens(conversation, options) ?? DefaultMaxTokens + budget;

    private void Thinking(long budget)
    {
        json.WriteStartObject("thinking");
        json.WriteString("type", budget > 0 ? "enabled" : "adaptive");
        if (budget > 0) json.WriteNumber("budget_tokens", budget);
        json.WriteEndObject();
    }

    private void OutputConfig(bool thoughts)
    {
        var (format, effort) = (UsesOutputConfig(conversation, options), thoughts && options.Thinking != "budget" && conversation.Effort != Effort.Unsaid);
        if (!format && !effort) return;
        json.WriteStartObject("output_config");
        if (effort) json.WriteString("effort", Efforts.Common(conversation.Effort));
        if (format)
        {
            json.WriteStartObject("format");
            json.WriteString("type", "json_schema");
            json.Member("schema", conversation.Format!.Schema!.Value);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void Tools(bool forced)
    {
        if (conversation.Tools.IsEmpty && !forced) return;
        json.WriteStartArray("tools");
        foreach (var tool in conversation.Tools) Tool(tool.Name, tool.Description, tool.Schema, tool.IsStrict && options.StructuredOutput == "json_schema" && AnthropicSubset.Holds(tool.Schema), tool.CacheControl);
        if (forced) Tool(FormatTool, "Gives the answer. Call it once, when the answer is known.", conversation.Format!.Schema!.Value, false, JqValue.Null);
        json.WriteEndArray();
        Choice(forced);
    }

    private void Tool(string name, string? description, JqValue schema, bool isStrict, JqValue cacheControl)
    {
        json.WriteStartObject();
        json.WriteString("name", name);
        json.Optional("description", description);
        json.Member("input_schema", schema);
        if (isStrict) json.WriteBoolean("strict", true);
        if (!cacheControl.IsNull) json.Member("cache_control", cacheControl);
        json.WriteEndObject();
    }

    private void Choice(bool forced)
    {
        var choice = (conversation.Choice, forced) switch
        {
            (ToolChoice.Named, _) => "tool",
            (ToolChoice.Required, _) => "any",
            (_, true) => conversation.Tools.IsEmpty || conversation.Choice == ToolChoice.None ? "tool" : "any",
            (ToolChoice.None, _) => "none",
            _ => "auto",
        };
        if (choice == "auto" && !conversation.OneToolAtATime) return;
        json.WriteStartObject("tool_choice");
        json.WriteString("type", choice);
        if (choice == "tool") json.WriteString("name", conversation.Choice == ToolChoice.Named ? conversation.ChosenTool : FormatTool);
        if (conversation.OneToolAtATime && choice != "none") json.WriteBoolean("disable_parallel_tool_use", true);
        json.WriteEndObject();
    }
}
