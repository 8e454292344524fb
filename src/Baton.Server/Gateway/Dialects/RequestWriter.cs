using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Puts a conversation into a target's dialect.</summary>
internal static class RequestWriter
{
    /// <summary>Texts stay as they are: nothing here becomes HTML.</summary>
    public static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="model">What the target calls the model.</param>
    public static ReadOnlyMemory<byte> Write(Conversation conversation, Dialect dialect, string model, ModelOptions options, bool asksForUsage, Faults faults)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(bytes, Json))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            switch (dialect)
            {
                case Dialect.Anthropic: new MessagesWriter(conversation, options, json, faults).Write(); break;
                case Dialect.Ollama: new OllamaWriter(conversation, options, model, json, faults).Write(); break;
                default: new ChatWriter(conversation, options, asksForUsage, json).Write(); break;
            }
            json.WriteEndObject();
        }
        return bytes.WrittenMemory;
    }

    /// <summary>The most tokens that both sides allow; null where neither says anything.</summary>
    public static long? MaxTokens(Conversation conversation, ModelOptions options) =>
        conversation.MaxTokens is { } wanted ? Math.Min(wanted, options.MaxOutputTokens ?? wanted) : options.MaxOutputTokens;

    /// <summary>What a model is told of a format that its target has no member for; null where there is nothing to tell.</summary>
    public static string? FormatInWords(Conversation conversation) =>
        conversation.Format is not { } format ? null
        : format.Schema is { } schema ? $"Answer with one JSON value that fits this JSON Schema, and with nothing else: {schema.ToJson()}"
        : "Answer with one JSON object, and with nothing else.";

    public static void Member(this Utf8JsonWriter json, string name, JqValue value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    public static void Optional(this Utf8JsonWriter json, string name, double? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
    }

    public static void Optional(this Utf8JsonWriter json, string name, long? value)
    {
        if (value is { } number) json.WriteNumber(name, number);
    }

    public static void Optional(this Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null) json.WriteString(name, value);
    }

    public static void Texts(this Utf8JsonWriter json, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartArray(name);
        foreach (var text in texts) json.WriteStringValue(text);
        json.WriteEndArray();
    }

    public static void Function(this Utf8JsonWriter json, ToolOffer tool, bool withStrict)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", tool.Name);
        json.Optional("description", tool.Description);
        json.Member("parameters", tool.Schema);
        if (withStrict && tool.IsStrict) json.WriteBoolean("strict", true);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
