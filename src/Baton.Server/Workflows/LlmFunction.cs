using System.Collections.Immutable;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.Identity;
using Baton.Server.Outbound;

namespace Baton.Server.Workflows;

/// <summary>The function <c>llm</c>: asks a language model.</summary>
/// <remarks>
/// Its output is <c>{ text, output, model, finish_reason, usage: { prompt_tokens, completion_tokens, total_tokens } }</c>; <c>output</c> is the value that
/// fits the schema and is there only with one. The journal's entry holds model, tokens, the request's hash, latency and number of calls.
/// </remarks>
internal sealed class LlmFunction(ModelCaller models)
{
    private static readonly string[] Roles = ["system", "developer", "user", "assistant"];

    public HostedFunction Function => new(
        new WorkflowFunction("llm", "Ask a language model.",
        [
            new("model", false, "A configured model, baton/extract or baton/echo; default Gateway:DefaultModel, or else baton/extract."),
            new("system", false, "What the model is told before everything else."),
            new("prompt", false, "What the user asks: a text, or a value that is sent as JSON. One of prompt and messages is required."),
            new("messages", false, "A conversation instead: a list of { role: system, user or assistant, content: text }."),
            new("schema", false, "A JSON Schema that the answer must fit; an answer that does not is sent back once to be mended."),
            new("temperature", false, "A number from 0 to 2; default the model's own."),
            new("max_tokens", false, "Most tokens of the answer, from 1; default the model's own."),
            new("stop", false, "A text, or a list of up to 4, that ends the answer."),
            new("seed", false, "A whole number, for answers that can be repeated where the model can do that."),
        ]),
        InvokeAsync);

    private async Task<JqValue> InvokeAsync(JqValue arguments, StepContext step)
    {
        var answer = await models.CompleteAsync(Read(arguments, step), onDelta: null, step.Cancel);
        step.Meta = Meta(answer).ToUtf8Bytes();
        var output = JqValue.Object(("text", answer.Text), ("model", answer.Model), ("finish_reason", answer.FinishReason), ("usage", answer.Usage.ToValue()));
        return answer.Output is { } value ? output.With("output", value) : output;
    }

    private static JqValue Meta(ModelAnswer answer)
    {
        var meta = JqValue.Object(
            ("model", answer.Model), ("usage", answer.Usage.ToValue()), ("request_hash", answer.RequestHash),
            ("latency_ms", Math.Round(answer.Latency.TotalMilliseconds)), ("attempts", answer.Attempts));
        return answer.UpstreamModel is { } name ? meta.With("upstream_model", name) : meta;
    }

    private static ModelRequest Read(JqValue arguments, StepContext step) => new()
    {
        Origin = new CallOrigin(step.Tenant, Caller.Workflow, step.Run.ToString(), step.Key),
        Model = Text(arguments, "model"),
        Messages = Messages(arguments),
        Schema = arguments["schema"] is { IsNull: false } schema ? schema : (JqValue?)null,
        Temperature = Number(arguments, "temperature"),
        MaxTokens = (int?)Whole(arguments, "max_tokens", 1, int.MaxValue),
        Stop = Stop(arguments["stop"]),
        Seed = Whole(arguments, "seed", long.MinValue, long.MaxValue),
        IdempotencyKey = step.IdempotencyKey,
        Attempt = step.Attempt,
    };

    private static ImmutableArray<ModelMessage> Messages(JqValue arguments)
    {
        var (prompt, conversation) = (arguments["prompt"], arguments["messages"]);
        if (prompt.IsNull == conversation.IsNull) throw Wrong(prompt.IsNull ? "needs 'prompt' or 'messages'; both are missing or null" : "takes 'prompt' or 'messages', not both");
        var messages = ImmutableArray.CreateBuilder<ModelMessage>();
        if (Text(arguments, "system") is { } system) messages.Add(ModelMessage.System(system));
        if (conversation.IsNull)
        {
            messages.Add(ModelMessage.User(prompt.TryGetString(out var text) ? text : prompt.ToJson()));
            return messages.ToImmutable();
        }
        if (!conversation.TryGetArray(out var list) || list.Count == 0) throw Wrong("needs 'messages' to be a list with at least one message");
        for (var i = 0; i < list.Count; i++) messages.Add(Message(list[i], i));
        return messages.ToImmutable();
    }

    private static ModelMessage Message(JqValue message, int index)
    {
        if (!message.IsObject || !message["role"].TryGetString(out var role) || !message["content"].TryGetString(out var content)) throw Wrong($"needs 'messages[{index}]' to be an object with the texts role and content");
        return Roles.Contains(role, StringComparer.Ordinal) ? new ModelMessage(role, content) : throw Wrong($"has the role '{role}' in 'messages[{index}]'; there are {string.Join(", ", Roles)}");
    }

    private static ImmutableArray<string> Stop(JqValue stop)
    {
        if (stop.IsNull) return [];
        if (stop.TryGetString(out var one)) return [one];
        return stop.TryGetArray(out var several) && several.Count <= 4 && several.All(text => text.IsString) ? [.. several.Select(text => text.AsString())] : throw Wrong("needs 'stop' to be a text or a list of up to 4");
    }

    private static string? Text(JqValue arguments, string name)
    {
        var value = arguments[name];
        if (value.IsNull) return null;
        return value.TryGetString(out var text) ? text : throw Wrong($"needs '{name}' to be a text");
    }

    private static double? Number(JqValue arguments, string name)
    {
        var value = arguments[name];
        if (value.IsNull) return null;
        return value.TryGetDouble(out var number) && number is >= 0 and <= 2 ? number : throw Wrong($"needs '{name}' to be a number from 0 to 2");
    }

    private static long? Whole(JqValue arguments, string name, long min, long max)
    {
        var value = arguments[name];
        if (value.IsNull) return null;
        return value.TryGetInt64(out var number) && number >= min && number <= max ? number : throw Wrong($"needs '{name}' to be a whole number from {min} to {max}");
    }

    private static WorkflowException Wrong(string what) => CallErrors.Invalid($"llm {what}.");
}
