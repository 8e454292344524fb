using System.Collections.Immutable;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Writes requests in OpenAI's chat completions.</summary>
internal sealed class ChatWriter(Conversation conversation, ModelOptions options, bool asksForUsage, Utf8JsonWriter json)
{
    public void Write()
    {
        json.WriteStartArray("messages");
        if (options.StructuredOutput is "json_object" or "prompt" && RequestWriter.FormatInWords(conversation) is { } words) Message("system", words);
        var last = LastQuestion();
        for (var i = 0; i < conversation.Turns.Length; i++) Say(conversation.Turns[i], withThoughts: i > last);
        json.WriteEndArray();
        json.WriteBoolean("stream", conversation.IsStream);
        if (conversation.IsStream && asksForUsage)
        {
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
        }
        json.Optional(options.MaxTokensField, RequestWriter.MaxTokens(conversation, options));
        json.Optional("temperature", conversation.Temperature);
        json.Optional("top_p", conversation.TopP);
        json.Optional("frequency_penalty", conversation.FrequencyPenalty);
        json.Optional("presence_penalty", conversation.PresencePenalty);
        json.Optional("seed", conversation.Seed);
        json.Texts("stop", conversation.Stop);
        json.Optional("user", Pseudonym.ForOpenAi(conversation.User));
        if (conversation.Effort is not (Effort.Unsaid or Effort.Disabled)) json.WriteString("reasoning_effort", Efforts.OpenAi(conversation.Effort));
        Format();
        Tools();
    }

    /// <summary>
    /// Behind the user's last words a model is in the middle of its work with tools, and some hosts want its thoughts back then. Those of Anthropic, which are signed, are no use here.
    /// </summary>
    private int LastQuestion()
    {
        for (var i = conversation.Turns.Length - 1; i >= 0; i--)
        {
            if (conversation.Turns[i] is { Role: Role.User } turn && turn.Parts.Any(part => part is not Part.ToolResult)) return i;
        }
        return -1;
    }

    private void Say(Turn turn, bool withThoughts)
    {
        switch (turn.Role)
        {
            case Role.Assistant: Assistant(turn.Parts, withThoughts); break;
            case Role.System: Message("system", Text(turn.Parts)); break;
            default: User(turn.Parts); break;
        }
    }

    private void Message(string role, string text)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", text);
        json.WriteEndObject();
    }

    private void Assistant(ImmutableArray<Part> parts, bool withThoughts)
    {
        var text = Text(parts);
        if (text.Length == 0 && !parts.Any(part => part is Part.ToolCall)) return;   // thoughts alone are no message there
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        if (text.Length > 0) json.WriteString("content", text);
        else json.WriteNull("content");
        if (withThoughts && string.Join("\n\n", parts.OfType<Part.Thinking>().Where(thought => thought.Signature is null).Select(thought => thought.Value)) is { Length: > 0 } thoughts) json.WriteString("reasoning_content", thoughts);
        if (parts.Any(part => part is Part.ToolCall))
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in parts.OfType<Part.ToolCall>())
            {
                json.WriteStartObject();
                json.WriteString("id", call.Id);
                json.WriteString("type", "function");
                json.WriteStartObject("function");
                json.WriteString("name", call.Name);
                json.WriteString("arguments", call.Arguments);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void User(ImmutableArray<Part> parts)
    {
        var (shown, rest) = (new List<Part>(), parts.ToList());
        foreach (var result in parts.OfType<Part.ToolResult>())
        {
            var text = Text(result.Content);
            var media = result.Content.Where(part => part is not Part.Text).ToList();
            json.WriteStartObject();
            json.WriteString("role", "tool");
            json.WriteString("tool_call_id", result.CallId);
            json.WriteString("content", result.IsError ? $"Error: {text}" : text.Length == 0 && media.Count > 0 ? "See the next message." : text);   // results hold texts only
            json.WriteEndObject();
            rest.Remove(result);
            if (media.Count > 0) shown.AddRange([new Part.Text($"Result of the call {result.CallId}:"), .. media]);
        }
        rest.InsertRange(0, shown);
        if (rest.Count == 0) return;
        json.WriteStartObject();
        json.WriteString("role", "user");
        if (rest is [Part.Text { Value: var only }]) json.WriteString("content", only);
        else
        {
            json.WriteStartArray("content");
            foreach (var part in rest) PartOf(part);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void PartOf(Part part)
    {
        json.WriteStartObject();
        switch (part)
        {
            case Part.Image image: Image(Media.Url(image.MediaType, image.Base64), image.Detail); break;
            case Part.ImageUrl image: Image(image.Url, image.Detail); break;
            case Part.Document document:
                json.WriteString("type", "file");
                json.WriteStartObject("file");
                json.WriteString("filename", document.Name ?? "document.pdf");
                json.WriteString("file_data", Media.Url(document.MediaType, document.Base64));
                json.WriteEndObject();
                break;
            default:
                json.WriteString("type", "text");
                json.WriteString("text", (part as Part.Text)?.Value ?? "");
                break;
        }
        json.WriteEndObject();
    }

    private void Image(string url, string? detail)
    {
        json.WriteString("type", "image_url");
        json.WriteStartObject("image_url");
        json.WriteString("url", url);
        json.Optional("detail", detail);
        json.WriteEndObject();
    }

    private void Format()
    {
        if (conversation.Format is not { } format || options.StructuredOutput == "prompt") return;
        json.WriteStartObject("response_format");
        if (format.Schema is not { } schema || options.StructuredOutput == "json_object") json.WriteString("type", "json_object");
        else
        {
            json.WriteString("type", "json_schema");
            json.WriteStartObject("json_schema");
            json.WriteString("name", format.Name);
            json.Member("schema", schema);
            if (format.IsStrict && StrictSubset.Holds(schema)) json.WriteBoolean("strict", true);   // refused for all other schemas
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void Tools()
    {
        if (conversation.Tools.IsEmpty) return;
        json.WriteStartArray("tools");
        foreach (var tool in conversation.Tools) json.Function(tool, withStrict: StrictSubset.Holds(tool.Schema));
        json.WriteEndArray();
        if (conversation.Choice == ToolChoice.Named)
        {
            json.WriteStartObject("tool_choice");
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", conversation.ChosenTool);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        else if (conversation.Choice != ToolChoice.Auto) json.WriteString("tool_choice", conversation.Choice == ToolChoice.None ? "none" : "required");
        if (conversation.OneToolAtATime) json.WriteBoolean("parallel_tool_calls", false);
    }

    private static string Text(ImmutableArray<Part> parts) => parts is [Part.Text { Value: var only }] ? only : string.Join("\n\n", parts.OfType<Part.Text>().Select(part => part.Value).Where(text => text.Length > 0));
}
