using System.Text.Encodings.Web;
using System.Text.Json;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Takes secrets out of what errors say: jq quotes the value that it stumbled over, and errors are kept and shown.</summary>
internal static class SecretMask
{
    private const string Masked = "***";

    // Below this a secret is likely to stand in any text by chance: nothing is said then.
    private const int Shortest = 4;

    /// <param name="secrets">The secrets of the document, each a text or a JSON object with texts in it.</param>
    public static WorkflowException Apply(WorkflowException thrown, IEnumerable<string> secrets)
    {
        var texts = secrets.SelectMany(Texts).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal).OrderByDescending(text => text.Length).ToList();
        var error = thrown.Error with { Title = Mask(thrown.Error.Title, texts) ?? Masked, Detail = Mask(thrown.Error.Detail, texts) };
        return error == thrown.Error ? thrown : new WorkflowException(error, thrown.Class) { RetryAfter = thrown.RetryAfter, Attempt = thrown.Attempt, Decision = thrown.Decision };
    }

    private static string? Mask(string? text, List<string> secrets)
    {
        if (text is null) return null;
        foreach (var secret in secrets)
        {
            if (secret.Length < Shortest)
            {
                if (text.Contains(secret, StringComparison.Ordinal)) return null;
                continue;
            }
            text = text.Replace(secret, Masked, StringComparison.Ordinal);
            for (var length = Math.Min(secret.Length - 1, text.Length); length >= Shortest; length--)   // jq cuts long values short
            {
                text = text.Replace($"{secret.AsSpan(0, length)}...", $"{Masked}...", StringComparison.Ordinal);
            }
        }
        return text;
    }

    /// <summary>The texts of a secret, as they are and as they stand in JSON.</summary>
    private static IEnumerable<string> Texts(string secret)
    {
        yield return secret;
        yield return JsonEncodedText.Encode(secret, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        if (!secret.AsSpan().TrimStart().StartsWith("{")) yield break;
        foreach (var text in Leaves(secret))
        {
            yield return text;
            yield return JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        }
    }

    private static List<string> Leaves(string json)
    {
        try
        {
            var leaves = new List<string>();
            Collect(JqValue.Parse(json, null), leaves);
            return leaves;
        }
        catch (JqParseException)
        {
            return [];   // then it is used as a text
        }
    }

    private static void Collect(JqValue value, List<string> leaves)
    {
        if (value.TryGetString(out var text)) leaves.Add(text);
        else if (value.TryGetArray(out var items)) foreach (var item in items) Collect(item, leaves);
        else if (value.TryGetObject(out var members)) foreach (var (_, member) in members) Collect(member, leaves);
    }
}
