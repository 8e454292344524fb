using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>A request in the words of OpenAI's chat completions.</summary>
internal static class ChatRequest
{
    /// <param name="upstreamName">What the upstream calls the model.</param>
    /// <param name="withUsage">Whether the target knows <c>stream_options</c>.</param>
    public static byte[] Write(ModelRequest request, string upstreamName, ModelOptions model, bool withUsage)
    {
        var body = new JqObject.Builder
        {
            ["model"] = upstreamName,
            ["messages"] = Messages(request, model.StructuredOutput),
            ["stream"] = model.Stream,
        };
        if (model.Stream && withUsage) body["stream_options"] = JqValue.Object(("include_usage", true));
        if (request.Temperature is { } temperature) body["temperature"] = temperature;
        if (MaxTokens(request, model) is { } tokens) body[model.MaxTokensField] = tokens;
        if (!request.Stop.IsEmpty) body["stop"] = JqValue.Array([.. request.Stop.Select(text => (JqValue)text)]);
        if (request.Seed is { } seed) body["seed"] = seed;
        if (request.Schema is { } schema && Format(schema, model.StructuredOutput) is { IsNull: false } format) body["response_format"] = format;
        JqValue value = body.ToObject();
        return value.ToUtf8Bytes();
    }

    private static int? MaxTokens(ModelRequest request, ModelOptions model) =>
        request.MaxTokens is { } wanted ? Math.Min(wanted, model.MaxOutputTokens ?? wanted) : model.MaxOutputTokens;

    private static JqValue Messages(ModelRequest request, string mode)
    {
        var messages = request.Messages.Select(Message);
        if (request.Schema is { } schema && mode is "json_object" or "prompt")
        {
            messages = messages.Prepend(Message(ModelMessage.System($"Answer with one JSON value that fits this JSON Schema, and with nothing else: {schema.ToJson()}")));
        }
        return JqValue.Array([.. messages]);
    }

    private static JqValue Message(ModelMessage message) => JqValue.Object(("role", message.Role), ("content", message.Content));

    private static JqValue Format(JqValue schema, string mode) => mode switch
    {
        "json_schema" or "tool" => JqValue.Object(("type", "json_schema"), ("json_schema", JqValue.Object(("name", "answer"), ("schema", schema), ("strict", StrictSubset.Holds(schema))))),
        "json_object" => JqValue.Object(("type", "json_object")),
        _ => JqValue.Null,
    };
}
