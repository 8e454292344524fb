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

/// <summary>What a member of a request says of the most tokens of an answer.</summary>
/// <param name="Most">Null where it says nothing, <see cref="Endless"/> where it says that there is no limit: some targets take -1 for that.</param>
/// <param name="At">Where its value stands.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TokenCap(long? Most, Place At)
{
    public const long Endless = long.MaxValue;
}

/// <summary>What forwarding has to know of a request, and where it stands. The rest is not looked at, and stays as it is.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct RequestPeek(string? Model, Place ModelAt, bool IsStream)
{
    /// <summary>The surface's own member with the most tokens of an answer: <see cref="Surface.MaxTokensField"/>.</summary>
    public TokenCap Cap { get; init; }

    /// <summary>The other member of chat completions, <see cref="OtherCapField"/>. Which of the two counts, targets see differently.</summary>
    public TokenCap OtherCap { get; init; }

    /// <summary>The member <see cref="EngineCapField"/> of chat completions and completions: it is llama.cpp's own, and counts there before the others.</summary>
    public TokenCap EngineCap { get; init; }

    /// <summary>The most tokens that an answer may have, whichever of its members the target goes by; null where it does not say, or says that there is no such limit.</summary>
    public long? MaxTokens => (Math.Max(Math.Max(Cap.Most ?? -1, OtherCap.Most ?? -1), EngineCap.Most ?? -1) is var most and >= 0 and < TokenCap.Endless) ? most : null;

    /// <summary>The value of <c>stream_options</c>, where it is an object or null.</summary>
    public Place StreamOptionsAt { get; init; }

    /// <summary>The value of <c>include_usage</c> in it.</summary>
    public Place IncludeUsageAt { get; init; }

    /// <summary>Whether <c>stream_options</c> has members.</summary>
    public bool HasStreamOptions { get; init; }

    /// <summary>Whether a stream is to tell its usage.</summary>
    public bool AsksForUsage { get; init; }

    /// <summary>How many answers come at once: as the member <c>n</c> says, for each prompt of a completion. At least 1.</summary>
    public int Choices { get; init; }

    /// <summary>How many are written for that, and paid for: as <c>best_of</c> says for each prompt of a completion, where that is more. At least 1.</summary>
    public int Written { get; init; }

    /// <summary>The response that it goes on from, the member <c>previous_response_id</c>; null for none, and for what is no id.</summary>
    public string? PreviousResponse { get; init; }

    /// <summary>An estimate of its prompt: see <see cref="PromptEstimate"/>.</summary>
    public long PromptTokens { get; init; }

    public const string OtherCapField = "max_completion_tokens", EngineCapField = "n_predict";

    /// <summary>More than any provider gives, and takes.</summary>
    private const int MaxChoices = 1_000, MaxPrompts = 100_000;

    /// <summary>Deeper than any schema of a tool.</summary>
    public const int MaxDepth = 256;

    /// <summary>Reads the members at the top of an object. Those by which a request is judged stand there once: of two, targets differ in which they read.</summary>
    /// <param name="surface">Where it is asked: what is a limit here is a member like any other there.</param>
    /// <param name="problem">Why the body cannot be forwarded.</param>
    public static RequestPeek? Read(ReadOnlySpan<byte> body, Surface surface, out GatewayError? problem)
    {
        problem = null;
        var (peek, prompt) = (default(RequestPeek), default(PromptEstimate));
        var (capField, isChat) = (surface.MaxTokensField, surface == Surface.ChatCompletions);
        var hasChoices = isChat || surface == Surface.Completions;
        var promptField = surface == Surface.Embeddings ? "input" : surface == Surface.Completions ? "prompt" : null;
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = MaxDepth });
        var (seen, choices, bestOf, prompts) = (0, 1, 1, 1);
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
                var isChoices = hasChoices && json.ValueTextEquals("n"u8);
                var isBestOf = surface == Surface.Completions && json.ValueTextEquals("best_of"u8);
                var isPrevious = json.ValueTextEquals("previous_response_id"u8);
                var isCap = capField is not null && json.ValueTextEquals(capField);
                var isPrompt = promptField is not null && json.ValueTextEquals(promptField);
                var isOtherCap = isChat && json.ValueTextEquals("max_completion_tokens"u8);
                var isEngineCap = hasChoices && json.ValueTextEquals("n_predict"u8);
                var mark = isModel ? 1 : isStream ? 2 : isChoices ? 4 : isCap ? 8 : isOtherCap ? 16 : isBestOf ? 32 : isEngineCap ? 64 : 0;
                if ((seen & mark) != 0) problem ??= GatewayError.Invalid($"'{json.GetString()}' stands in the request twice.", json.GetString());
                seen |= mark;
                json.Read();
                var start = (int)json.TokenStartIndex;
                if (isModel && json.TokenType is not (JsonTokenType.String or JsonTokenType.Null)) problem ??= GatewayError.Invalid("'model' must be a text.", "model");
                else if (isModel) peek = peek with { Model = json.GetString(), ModelAt = new Place(start, (int)json.BytesConsumed - start) };
                else if (isOptions) peek = ReadStreamOptions(ref json, peek);
                else if (isStream) peek = peek with { IsStream = json.TokenType == JsonTokenType.True };
                else if (isChoices) choices = ReadCount(ref json, "n", ref problem);
                else if (isBestOf) bestOf = ReadCount(ref json, "best_of", ref problem);
                else if (isPrevious) peek = peek with { PreviousResponse = json is { TokenType: JsonTokenType.String, ValueIsEscaped: false } ? Encoding.UTF8.GetString(json.ValueSpan) : null };
                else if (isCap) peek = peek with { Cap = ReadCap(ref json, capField!, ref problem) };
                else if (isOtherCap) peek = peek with { OtherCap = ReadCap(ref json, OtherCapField, ref problem) };
                else if (isEngineCap) peek = peek with { EngineCap = ReadCap(ref json, EngineCapField, ref problem) };
                var inner = PassOver(ref json, ref prompt, isPrompt);
                if (isPrompt && hasChoices) prompts = Math.Clamp(inner, 1, MaxPrompts);
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
        return problem is null ? peek with { PromptTokens = prompt.Tokens, Choices = choices * prompts, Written = Math.Max(choices, bestOf) * prompts } : null;
    }

    /// <summary>To the end of a value.</summary>
    /// <param name="holdsTokens">Whether numbers in it are tokens: a prompt may be given as they are.</param>
    /// <returns>How many texts and lists stand in it, where it is a list itself.</returns>
    private static int PassOver(ref Utf8JsonReader json, ref PromptEstimate prompt, bool holdsTokens)
    {
        var (depth, inner) = (json.CurrentDepth, 0);
        ReadOnlySpan<byte> name = default;
        do
        {
            if (json.CurrentDepth == depth + 1 && json.TokenType is JsonTokenType.String or JsonTokenType.StartArray) inner++;
            if (json.TokenType == JsonTokenType.PropertyName) name = json.ValueSpan;
            else if (json.TokenType == JsonTokenType.String) prompt.Add(json.ValueSpan, json.ValueIsEscaped, name);
            else if (holdsTokens && json.TokenType == JsonTokenType.Number) prompt.AddToken();
        }
        while ((json.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray || json.CurrentDepth > depth) && json.Read());
        return inner;
    }

    /// <summary>What cannot be read is refused: the target may read it all the same, and then no limit holds.</summary>
    private static TokenCap ReadCap(ref Utf8JsonReader json, string name, ref GatewayError? problem)
    {
        var start = (int)json.TokenStartIndex;
        var most = ReadWhole(ref json, name, ref problem);
        if (most < -1) problem ??= NotWhole(name);
        return new TokenCap(most == -1 ? TokenCap.Endless : most, new Place(start, (int)json.BytesConsumed - start));
    }

    /// <returns>Null for null, which is nothing said.</returns>
    private static long? ReadWhole(ref Utf8JsonReader json, string name, ref GatewayError? problem)
    {
        if (json.TokenType == JsonTokenType.Number)
        {
            if (json.TryGetInt64(out var whole)) return whole;
            if (json.TryGetDecimal(out var number) && decimal.Truncate(number) == number && number is >= long.MinValue and <= long.MaxValue) return (long)number;   // 100.0, 1e5
        }
        if (json.TokenType != JsonTokenType.Null) problem ??= NotWhole(name);
        return null;
    }

    private static int ReadCount(ref Utf8JsonReader json, string name, ref GatewayError? problem) => (int)Math.Clamp(ReadWhole(ref json, name, ref problem) ?? 1, 1, MaxChoices);

    private static GatewayError NotWhole(string name) => GatewayError.Invalid($"'{name}' must be a whole number of {(name is "n" or "best_of" ? "answers, such as 1" : "tokens, such as 1000")}.", name);

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
