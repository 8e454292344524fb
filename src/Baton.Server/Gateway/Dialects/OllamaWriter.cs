using System.Collections.Immutable;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Writes requests for Ollama's own <c>/api/chat</c>.</summary>
internal sealed class OllamaWriter(Conversation conversation, ModelOptions options, string model, Utf8JsonWriter json, Faults faults)
{
    public void Write()
    {
        Refuse();
        json.WriteStartArray("messages");
        if (options.StructuredOutput is "json_object" or "prompt" or "tool" && RequestWriter.FormatInWords(conversation) is { } words) Message("system", words, []);
        for (var i = 0; i < conversation.Turns.Length; i++) Say(conversation.Turns[i], conversation.Turns.AsSpan()[..i]);
        json.WriteEndArray();
        json.WriteBoolean("stream", conversation.IsStream);
        if (conversation.Format is { } format && options.StructuredOutput is "json_schema" or "json_object")
        {
            if (format.Schema is { } schema && options.StructuredOutput == "json_schema") json.Member("format", schema);
            else json.WriteString("format", "json");
        }
        Think();
        if (!conversation.Tools.IsEmpty && conversation.Choice != ToolChoice.None)
        {
            json.WriteStartArray("tools");
            foreach (var tool in conversation.Tools) json.Function(tool, withStrict: false);
            json.WriteEndArray();
        }
        json.WriteStartObject("options");
        json.Optional("num_predict", RequestWriter.MaxTokens(conversation, options));
        json.Optional("temperature", conversation.Temperature);
        json.Optional("top_p", conversation.TopP);
        json.Optional("top_k", conversation.TopK);
        json.Optional("frequency_penalty", conversation.FrequencyPenalty);
        json.Optional("presence_penalty", conversation.PresencePenalty);
        json.Optional("seed", conversation.Seed);
        json.Texts("stop", conversation.Stop);
        json.WriteEndObject();
    }

    private void Refuse()
    {
        if (conversation.Tools.IsEmpty) return;
        if (conversation.Choice is ToolChoice.Required or ToolChoice.Named) faults.Untranslatable("tool_choice", "Ollama's models cannot be made to call a tool.");
        if (conversation.OneToolAtATime) faults.Untranslatable("parallel_tool_calls", "Ollama's models cannot be held to one call at a time.");
    }

    /// <summary>Only one family of models there knows grades; others think or do not.</summary>
    private void Think()
    {
        if (conversation.Effort is Effort.None or Effort.Disabled) json.WriteBoolean("think", false);
        else if (conversation.Effort == Effort.Unsaid && conversation.ThinkingTokens is null) return;
        else if (model.Contains("gpt-oss", StringComparison.OrdinalIgnoreCase)) json.WriteString("think", Efforts.Common(conversation.Effort));
        else json.WriteBoolean("think", true);
    }

    private void Say(Turn turn, ReadOnlySpan<Turn> before)
    {
        if (turn.Role == Role.Assistant)
        {
            Assistant(turn.Parts);
            return;
        }
        var rest = turn.Parts.ToList();
        foreach (var result in turn.Parts.OfType<Part.ToolResult>())
        {
            var text = Text(result.Content);
            Message("tool", result.IsError ? $"Error: {text}" : text, result.Content, NameOf(result.CallId, before));
            rest.Remove(result);
        }
        if (rest.Count > 0) Message(turn.Role == Role.System ? "system" : "user", Text(rest), rest);
    }

    private void Message(string role, string text, IReadOnlyList<Part> parts, string? tool = null)
    {
        json.WriteStartObject();
        json.WriteString("role", role);
        json.WriteString("content", text);
        json.Optional("tool_name", tool);
        var images = parts.Where(part => part is Part.Image or Part.ImageUrl or Part.Document).ToList();
        if (images.Count > 0)
        {
            json.WriteStartArray("images");
            foreach (var part in images)
            {
                if (part is Part.Image image) json.WriteStringValue(image.Base64);
                else faults.Untranslatable("messages", part is Part.ImageUrl ? "Ollama fetches no images; send them as data: addresses." : "Ollama reads no documents.");
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    private void Assistant(ImmutableArray<Part> parts)
    {
        json.WriteStartObject();
        json.WriteString("role", "assistant");
        json.WriteString("content", Text(parts));
        if (string.Join("\n\n", parts.OfType<Part.Thinking>().Where(thought => thought.Signature is null).Select(thought => thought.Value)) is { Length: > 0 } thoughts) json.WriteString("thinking", thoughts);
        if (parts.Any(part => part is Part.ToolCall))
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in parts.OfType<Part.ToolCall>())
            {
                json.WriteStartObject();
                json.WriteStartObject("function");
                json.WriteString("name", call.Name);
                json.Member("arguments", Arguments.Parse(call, faults));
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>Results are known there by the tool's name, not by the call's id, which some hosts give to a call in every turn.</summary>
    private static string? NameOf(string callId, ReadOnlySpan<Turn> before)
    {
        for (var i = before.Length - 1; i >= 0; i--)
        {
            if (before[i].Parts.OfType<Part.ToolCall>().LastOrDefault(call => call.Id == callId) is { } call) return call.Name;
        }
        return null;
    }

    private static string Text(IEnumerable<Part> parts) => string.Join("\n\n", parts.OfType<Part.Text>().Select(part => part.Value).Where(text => text.Length > 0));
}
