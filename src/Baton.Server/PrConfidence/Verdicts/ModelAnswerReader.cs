using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Reads what a model wrote: a JSON object, perhaps between a fence or sentences, with <c>verdict</c> or <c>coverage</c>. What does not fit is left
/// out rather than guessed: an answer without either is no answer.
/// </summary>
internal static class ModelAnswerReader
{
    private const int MaxChars = 64 << 10;
    private const int MaxQuotes = 20;
    private const int MaxQuoteChars = 500;
    private const int MaxReasoningChars = 600;
    private const double UnstatedConfidence = 0.5;

    // Sentences may follow the object.
    private static readonly JsonReaderOptions Lenient = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, AllowMultipleValues = true };

    /// <returns>An answer with neither verdict nor extract if the text holds none.</returns>
    public static ModelAnswer Read(string criterionId, string text, string? model)
    {
        var nothing = new ModelAnswer(criterionId, Model: model);
        if (text.Length > MaxChars) return nothing;
        // A model may write a brace before it writes the object: each one is tried.
        for (var start = text.IndexOf('{', StringComparison.Ordinal); start >= 0; start = text.IndexOf('{', start + 1))
        {
            if (Parse(Encoding.UTF8.GetBytes(text[start..])) is not { } document) continue;
            using (document)
            {
                var answer = Of(nothing, document.RootElement);
                if (answer != nothing) return answer;
            }
        }
        return nothing;
    }

    private static JsonDocument? Parse(byte[] json)
    {
        var reader = new Utf8JsonReader(json, Lenient);
        try
        {
            return JsonDocument.TryParseValue(ref reader, out var document) ? document : null;
        }
        catch (JsonException)    // not the beginning of an object after all
        {
            return null;
        }
    }

    private static ModelAnswer Of(ModelAnswer nothing, JsonElement root)
    {
        if (String(root, "verdict") is { } word && Word(word) is { } verdict)
        {
            var reasoning = String(root, "reasoning") is { } why ? GitText.Cut(why, MaxReasoningChars) : null;
            return nothing with { Verdict = new(verdict, Number(root, "confidence") ?? UnstatedConfidence, reasoning) { Evidence = Strings(root, "evidence") } };
        }
        return Number(root, "coverage") is { } coverage ? nothing with { Extract = new(coverage) { Quotes = Strings(root, "quotes") } } : nothing;
    }

    private static Verdict? Word(string word) => word.Trim().ToLowerInvariant() switch
    {
        "met" => Verdict.Met,
        "partial" or "partially met" or "partially_met" => Verdict.Partial,
        "missing" or "not met" or "not_met" or "unmet" => Verdict.Missing,
        "unclear" or "unknown" => Verdict.Unclear,
        _ => null,
    };

    private static string? String(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? Text(value) : null;

    private static double? Number(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && double.IsFinite(number) ? number : null;

    private static ImmutableArray<string> Strings(JsonElement root, string name)
    {
        if (!root.TryGetProperty(name, out var value)) return [];
        if (Text(value) is { } single) return [GitText.Cut(single, MaxQuoteChars)];
        return value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray().Select(Text).OfType<string>().Take(MaxQuotes)
            .Select(quote => GitText.Cut(quote, MaxQuoteChars))] : [];
    }

    private static string? Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)    // half of a surrogate pair
        {
            return null;
        }
    }
}
