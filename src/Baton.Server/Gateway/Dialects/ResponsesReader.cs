using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Reads requests in OpenAI's responses.</summary>
internal static class ResponsesReader
{
    /// <summary>Marks signatures of Anthropic among what OpenAI calls encrypted content: they are of use to nobody else.</summary>
    public const string SignatureMark = "anthropic.signature:", RedactedMark = "anthropic.redacted:";

    /// <param name="earlier">Items of the conversation that come before those of the request; null where none are kept.</param>
    public static Conversation Read(JqValue body, JqArray? earlier, Faults faults)
    {
        if (faults.Optional(body, "previous_response_id", "") is { } previous && earlier is null) faults.Add(KeptResponses.NotFound(previous));
        faults.Flag(body, "store");
        foreach (var member in (string[])["conversation", "prompt"])
        {
            if (!body[member].IsNull) faults.Untranslatable(member, "it is kept at the provider.");
        }
        if (faults.Flag(body, "background") == true) faults.Untranslatable("background", "the target answers at once.");
        if (faults.Whole(body, "top_logprobs", 0) > 0) faults.Untranslatable("top_logprobs", "the target does not say them.");
        var (choice, chosen) = Choice(body["tool_choice"], faults);
        return new Conversation
        {
            Turns = Turns(body, earlier ?? JqArray.Empty, faults),
            Tools = [.. faults.List(body, "tools").Select((tool, index) => Tool(tool, $"tools[{index}]", faults))],
            Choice = choice,
            ChosenTool = chosen,
            OneToolAtATime = faults.Flag(body, "parallel_tool_calls") == false,
            Format = ChatReader.FormatOf(faults.Optional(Faults.Member(body["text"], "format"), "type", "text.format"), Faults.Member(body["text"], "format"), "text.format", faults),
            Effort = ChatReader.EffortOf(faults.Optional(body["reasoning"], "effort", "reasoning"), "reasoning.effort", faults),
            MaxTokens = faults.Whole(body, "max_output_tokens", 1),
            Temperature = faults.Number(body, "temperature", 0, 2),
            TopP = faults.Number(body, "top_p", 0, 1),
            User = faults.Optional(body, "safety_identifier", "") ?? faults.Optional(body, "user", ""),
            IsStream = faults.Flag(body, "stream") == true,
            WantsUsage = true,
        };
    }

    private static ImmutableArray<Turn> Turns(JqValue body, JqArray earlier, Faults faults)
    {
        var turns = new List<Turn>();
        if (faults.Optional(body, "instructions", "") is { Length: > 0 } instructions) turns.Add(new Turn(Role.System, [new Part.Text(instructions)]));
        foreach (var item in earlier) turns.Add(Item(item, "previous_response_id", faults));
        if (body["input"].TryGetString(out var text)) turns.Add(new Turn(Role.User, [new Part.Text(text)]));
        else turns.AddRange(faults.List(body, "input").Select((item, index) => Item(item, $"input[{index}]", faults)));
        if (turns.Count == 0 || body["input"].IsNull) faults.Add("input", "must be a text, or a list of items.");
        return Turn.Join(turns);
    }

    private static Turn Item(JqValue item, string path, Faults faults)
    {
        switch (faults.Optional(item, "type", path) ?? (ItemReferences.Is(item) ? "item_reference" : "message"))
        {
            case "message": return Message(item, path, faults);
            case "function_call": return new Turn(Role.Assistant, [new Part.ToolCall(faults.Text(item, "call_id", path), faults.Text(item, "name", path), faults.Text(item, "arguments", path))]);
            case "function_call_output": return new Turn(Role.User, [new Part.ToolResult(faults.Text(item, "call_id", path), Content(item, "output", path, faults), false)]);
            case "reasoning": return new Turn(Role.Assistant, [.. Thoughts(item)]);
            case "item_reference": faults.Untranslatable(path, "the item is not kept here; send the item itself."); break;
            case var type: faults.Untranslatable($"{path}.type", $"'{type}' is known to the provider's own tools only."); break;
        }
        return new Turn(Role.User, []);
    }

    private static Turn Message(JqValue item, string path, Faults faults)
    {
        var role = faults.Text(item, "role", path);
        if (role is not ("system" or "developer" or "user" or "assistant")) faults.Add($"{path}.role", $"must be system, developer, user or assistant, not '{role}'.");
        return new Turn(role switch { "assistant" => Role.Assistant, "user" => Role.User, _ => Role.System }, Content(item, "content", path, faults));
    }

    private static ImmutableArray<Part> Content(JqValue item, string member, string path, Faults faults)
    {
        var content = Faults.Member(item, member);
        if (content.TryGetString(out var text)) return text.Length == 0 ? [] : [new Part.Text(text)];
        return [.. faults.List(item, member, path).Select((part, index) => PartOf(part, $"{path}.{member}[{index}]", faults))];
    }

    private static Part PartOf(JqValue part, string path, Faults faults)
    {
        switch (faults.Text(part, "type", path))
        {
            case "input_text" or "output_text" or "text": return new Part.Text(faults.Text(part, "text", path));
            case "refusal": return new Part.Text(faults.Text(part, "refusal", path));
            case "input_image" when !Faults.Member(part, "image_url").IsNull: return Media.Image(faults.Text(part, "image_url", path), faults.Optional(part, "detail", path), $"{path}.image_url", faults);
            case "input_file" when !Faults.Member(part, "file_data").IsNull: return Media.Document(faults.Text(part, "file_data", path), faults.Optional(part, "filename", path), $"{path}.file_data", faults);
            case "input_image" or "input_file": faults.Untranslatable(path, "files kept at a provider are there only; send the data itself."); break;
            case var type: faults.Untranslatable($"{path}.type", $"the target takes no '{type}'."); break;
        }
        return new Part.Text("");
    }

    /// <summary>Only what Anthropic has signed, or what stands there in words: what OpenAI has encrypted nobody else can read.</summary>
    private static IEnumerable<Part> Thoughts(JqValue item)
    {
        var text = string.Join("\n\n", Texts(item, "summary").Concat(Texts(item, "content")));
        var kept = item["encrypted_content"].TryGetString(out var encrypted) ? encrypted : "";
        if (kept.StartsWith(RedactedMark, StringComparison.Ordinal)) yield return new Part.Redacted(kept[RedactedMark.Length..]);
        else if (kept.StartsWith(SignatureMark, StringComparison.Ordinal)) yield return new Part.Thinking(text, kept[SignatureMark.Length..]);
        else if (text.Length > 0 && kept.Length == 0) yield return new Part.Thinking(text, null);
    }

    private static IEnumerable<string> Texts(JqValue item, string member) =>
        Faults.Member(item, member).TryGetArray(out var parts) ? parts.Select(part => Faults.Member(part, "text").TryGetString(out var said) ? said : "").Where(said => said.Length > 0) : [];

    private static ToolOffer Tool(JqValue tool, string path, Faults faults)
    {
        if (Faults.Member(tool, "type") != "function") faults.Untranslatable($"{path}.type", "only functions are known elsewhere.");
        return new ToolOffer(faults.Text(tool, "name", path), faults.Optional(tool, "description", path), Faults.Member(tool, "parameters"), faults.Flag(tool, "strict", path) == true);
    }

    private static (ToolChoice, string?) Choice(JqValue choice, Faults faults)
    {
        if (choice.IsNull || choice == "auto") return (ToolChoice.Auto, null);
        if (choice == "none") return (ToolChoice.None, null);
        if (choice == "required") return (ToolChoice.Required, null);
        if (Faults.Member(choice, "type") == "function") return (ToolChoice.Named, faults.Text(choice, "name", "tool_choice"));
        faults.Untranslatable("tool_choice", "known elsewhere are none, auto, required, and one function by its name.");
        return (ToolChoice.Auto, null);
    }
}
