using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>What a language model is asked.</summary>
internal sealed record ModelRequest
{
    /// <summary>On whose behalf.</summary>
    public required CallOrigin Origin { get; init; }

    /// <summary>A configured or built-in model; null for the server's default.</summary>
    public string? Model { get; init; }

    public required ImmutableArray<ModelMessage> Messages { get; init; }

    /// <summary>From 0 on; null for the upstream's default.</summary>
    public double? Temperature { get; init; }

    /// <summary>Most tokens of the answer; null for the upstream's default.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public ImmutableArray<string> Stop { get; init; } = [];

    public long? Seed { get; init; }

    /// <summary>A JSON Schema that the answer must fit; null for an answer in words.</summary>
    public JqValue? Schema { get; init; }

    /// <summary>The same for every repetition of this request; null for none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Which attempt of its step asks: a later one wants another answer. 1 or more.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Never the prompt.</summary>
    public override string ToString() => $"request to {Model ?? "the default model"}";
}

/// <param name="Role">system, developer, user or assistant.</param>
internal sealed record ModelMessage(string Role, string Content)
{
    /// <summary>Never the content.</summary>
    public override string ToString() => $"{Role} message";

    public static ModelMessage System(string content) => new("system", content);

    public static ModelMessage User(string content) => new("user", content);

    public static ModelMessage Assistant(string content) => new("assistant", content);
}

/// <summary>What a language model answered.</summary>
internal sealed record ModelAnswer(string Text, string FinishReason, ModelUsage Usage)
{
    /// <summary>The model by the name that the request or the configuration used.</summary>
    public string Model { get; init; } = "";

    /// <summary>What the upstream says that it used, where it says so.</summary>
    public string? UpstreamModel { get; init; }

    /// <summary>The value that fits the schema, where the request had one.</summary>
    public JqValue? Output { get; init; }

    /// <summary>Calls that this answer took: 2 when it had to be repaired.</summary>
    public int Attempts { get; init; } = 1;

    public TimeSpan Latency { get; init; }

    /// <summary>SHA-256 over model, messages, settings and schema: equal for equal requests.</summary>
    public string RequestHash { get; init; } = "";
}

/// <summary>Tokens, as the upstream counts them; zeros where it does not say.</summary>
internal sealed record ModelUsage(
    [property: JsonPropertyName("prompt_tokens")] long PromptTokens, [property: JsonPropertyName("completion_tokens")] long CompletionTokens, [property: JsonPropertyName("total_tokens")] long TotalTokens)
{
    public static ModelUsage None { get; } = new(0, 0, 0);

    public static ModelUsage operator +(ModelUsage a, ModelUsage b) => new(a.PromptTokens + b.PromptTokens, a.CompletionTokens + b.CompletionTokens, a.TotalTokens + b.TotalTokens);

    public JqValue ToValue() => JqValue.Object(("prompt_tokens", PromptTokens), ("completion_tokens", CompletionTokens), ("total_tokens", TotalTokens));
}

/// <summary>Takes a piece of an answer as it comes.</summary>
internal delegate ValueTask DeltaSink(string text, CancellationToken cancel);

/// <summary>Something that answers: an upstream, or one of the models built in.</summary>
internal interface IChatModel
{
    /// <summary>Answers once. A schema shapes the question; whether the answer fits is for the caller to check.</summary>
    /// <exception cref="Engine.WorkflowException">There is no answer.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel);
}
