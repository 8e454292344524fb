using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>Where something stands in a body, in bytes.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Place(int Start, int Length)
{
    public bool IsNone => Length == 0;
}

/// <summary>What forwarding has to know of a request, and where it stands. The rest is not looked at, and stays as it is.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RequestPeek(string? Model, Place ModelAt, bool IsStream, long? MaxTokens, Place MaxTokensAt)
{
    /// <summary>The value of <c>stream_options</c>, where it is an object or null.</summary>
    public Place StreamOptionsAt { get; init; }

    /// <summary>The value of <c>include_usage</c> in it.</summary>
    public Place IncludeUsageAt { get; init; }

    /// <summary>Whether <c>stream_options</c> has members.</summary>
    public bool HasStreamOptions { get; init; }

    /// <summary>Whether a stream is to tell its usage.</summary>
    public bool AsksForUsage { get; init; }

    /// <summary>How many answers are asked for at once, the member <c>n</c>: 1 to <see cref="MaxChoices"/>; null where it does not say.</summary>
    public int? Choices { get; init; }

    /// <summary>The response that it goes on from, the member <c>previous_response_id</c>; null for none, and for what is no id.</summary>
    public string? PreviousResponse { get; init; }

    /// <summary>An estimate of its prompt: see <see cref="PromptEstimate"/>.</summary>
    public long PromptTokens { get; init; }

    /// <summary>More than any provider gives.</summary>
    private const int MaxChoices = 1_000;

    /// <summary>Deeper than any schema of a tool.</summary>
    public const int MaxDepth = 256;

    /// <summary>Reads the members at the top of an object; of several with one name the last counts, as it does upstream.</summary>
    /// <param name="maxTokensField">The member with the most tokens; <c>max_completion_tokens</c> is one too.</param>
    /// <param name="problem">Why the body cannot be forwarded.</param>
    public static RequestPeek? Read(ReadOnlySpan<byte> body, string? maxTokensField, out GatewayError? problem)
    {
        problem = null;
        var (peek, prompt) = (default(RequestPeek), default(PromptEstimate));
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
            {
                problem = GatewayError.Invalid("The body must be a JSON object.");
                return null;
            }
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var isModel = json.ValueTextEquals("model"u8);
                var isStream = json.ValueTextEquals("stream"u8);
                var isOptions = json.ValueTextEquals("stream_options"u8);
                var isChoices = json.ValueTextEquals("n"u8);
                var isPrevious = json.ValueTextEquals("previous_response_id"u8);
                var isTokens = maxTokensField is not null && (json.ValueTextEquals(maxTokensField) || json.ValueTextEquals("max_completion_tokens"u8));
                json.Read();
                var start = (int)json.TokenStartIndex;
                if (isModel && json.TokenType is not (JsonTokenType.String or JsonTokenType.Null)) problem ??= GatewayError.Invalid("'model' must be a text.", "model");
                else if (isModel) peek = peek with { Model = json.GetString(), ModelAt = new Place(start, (int)json.BytesConsumed - start) };
                else if (isOptions) peek = ReadStreamOptions(ref json, peek);
                else if (isStream) peek = peek with { IsStream = json.TokenType == JsonTokenType.True };
                else if (isChoices && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var count)) peek = peek with { Choices = (int)Math.Clamp(count, 1, MaxChoices) };
                else if (isPrevious) peek = peek with { PreviousResponse = json is { TokenType: JsonTokenType.String, ValueIsEscaped: false } ? Encoding.UTF8.GetString(json.ValueSpan) : null };
                else if (isTokens && json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var tokens)) peek = peek with { MaxTokens = tokens, MaxTokensAt = new Place(start, (int)json.BytesConsumed - start) };
                PassOver(ref json, ref prompt);
            }
            while (json.Read())   // what follows must be nothing
            {
            }
        }
        catch (JsonException e)
        {
            problem = GatewayError.Invalid($"The body is not JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}.");
        }
        catch (InvalidOperationException)   // half a surrogate
        {
            problem = GatewayError.Invalid("'model' is not a valid text.", "model");
        }
        return problem is null ? peek with { PromptTokens = prompt.Tokens } : null;
    }

    /// <summary>To the end of a value.</summary>
    private static void PassOver(ref Utf8JsonReader json, ref PromptEstimate prompt)
    {
        var depth = json.CurrentDepth;
        do
        {
            if (json.TokenType == JsonTokenType.String) prompt.Add(json.ValueSpan);
        }
        while ((json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || json.CurrentDepth > depth) && json.Read());
    }

    /// <summary>Reads an object to its end; anything else is left for the caller to pass over.</summary>
    private static RequestPeek ReadStreamOptions(ref Utf8JsonReader json, RequestPeek peek)
    {
        var start = (int)json.TokenStartIndex;
        peek = peek with { StreamOptionsAt = default, IncludeUsageAt = default, HasStreamOptions = false, AsksForUsage = false };
        if (json.TokenType == JsonTokenType.Null) return peek with { StreamOptionsAt = new Place(start, (int)json.BytesConsumed - start) };
        if (json.TokenType != JsonTokenType.StartObject) return peek;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isUsage = json.ValueTextEquals("include_usage"u8);
            json.Read();
            var at = (int)json.TokenStartIndex;
            json.Skip();
            peek = peek with { HasStreamOptions = true };
            if (isUsage) peek = peek with { IncludeUsageAt = new Place(at, (int)json.BytesConsumed - at), AsksForUsage = json.TokenType == JsonTokenType.True };
        }
        return peek with { StreamOptionsAt = new Place(start, (int)json.BytesConsumed - start) };
    }
}
