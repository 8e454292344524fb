using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>What a model's text holds for a schema: a closed set.</summary>
internal abstract record Reading
{
    private Reading() { }

    public sealed record Fits(JqValue Value) : Reading;

    /// <param name="Problems">For people, without the values; those of a schema with their pointers.</param>
    /// <param name="Repair">For the model.</param>
    public sealed record Misfits(int Count, string Problems, string Repair) : Reading;
}

/// <summary>
/// Finds the JSON of an answer: the whole text, else what stands in a fence, else what stands between sentences. Where several values stand side
/// by side, the only one that fits counts; a choice between two that fit would be a guess.
/// </summary>
internal static partial class JsonInText
{
    // A model that writes braces for other reasons writes a few, not hundreds; each is tried to the text's end.
    private const int MaxStarts = 50;
    private const int MaxProblems = 5;

    public static Reading Read(string text, JsonSchema schema)
    {
        var said = Thoughts().Replace(text, "").Trim();
        foreach (var candidates in new[] { Whole(said), Fenced(said), Between(said) })
        {
            if (candidates.Count == 0) continue;
            var fitting = candidates.Where(schema.IsValid).Take(2).ToArray();
            if (fitting.Length == 1) return new Reading.Fits(fitting[0]);
            if (fitting.Length == 2) return Misfit("it holds several JSON values that fit, so none can be chosen", "Your answer holds several JSON values. Give exactly one.");
            if (candidates.Count == 1) return Misfit(schema.Validate(candidates[0]));
            return Misfit($"it holds {candidates.Count} JSON values, none of which fits", $"Your answer holds {candidates.Count} JSON values, none of which fits the schema. Give exactly one. {schema.Validate(candidates[^1]).ToRepairText()}");
        }
        return Misfit("it holds no JSON", "Your answer is not JSON.");
    }

    private static Reading.Misfits Misfit(ValidationResult result) => new(
        result.Errors.Length,
        string.Join("; ", result.Errors.Take(MaxProblems).Select(error => $"at '{error.InstancePointer}' ({error.SchemaPointer}): {error.Message}")) + (result.Errors.Length > MaxProblems ? "; …" : ""),
        result.ToRepairText());

    private static Reading.Misfits Misfit(string problem, string repair) => new(1, problem, repair);

    private static List<JqValue> Whole(string text)
    {
        try
        {
            return [JqValue.Parse(text)];
        }
        catch (JqParseException)
        {
            return [];
        }
    }

    private static List<JqValue> Fenced(string text) => [.. Fences().Matches(text).SelectMany(fence => Whole(fence.Groups["json"].Value))];

    private static List<JqValue> Between(string text)
    {
        var found = new List<JqValue>();
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        for (var starts = 0; starts < MaxStarts && rest.IndexOfAny((byte)'{', (byte)'[') is >= 0 and var at; starts++)
        {
            rest = rest[at..];
            var length = LengthOfValue(rest);
            if (length > 0) found.AddRange(Whole(Encoding.UTF8.GetString(rest[..length])));
            rest = rest[Math.Max(1, length)..];
        }
        return found;
    }

    /// <summary>Bytes of the JSON value that begins here; 0 where none does.</summary>
    private static int LengthOfValue(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 256 });
        try
        {
            return reader.Read() && reader.TrySkip() ? (int)reader.BytesConsumed : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    // What reasoning models write before they answer.
    [GeneratedRegex(@"^\s*<think>.*?</think>", RegexOptions.Singleline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Thoughts();

    [GeneratedRegex(@"^[ \t]*```[a-zA-Z]*[ \t]*\r?\n(?<json>.*?)^[ \t]*```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Fences();
}
