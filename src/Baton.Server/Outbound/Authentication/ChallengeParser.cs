using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Baton.Server.Outbound;

/// <summary>One challenge of a WWW-Authenticate header.</summary>
internal sealed record Challenge(string Scheme, ImmutableDictionary<string, string> Parameters);

/// <summary>
/// Reads WWW-Authenticate (RFC 9110, section 11.6.1): challenges separated by commas, each with parameters that are separated by commas too. What
/// stands before an equals sign is a parameter, any other word begins a challenge. Anything else ends the reading.
/// </summary>
internal static class ChallengeParser
{
    private static readonly SearchValues<char> WordEnds = SearchValues.Create(" \t,=\"");

    public static IEnumerable<Challenge> Parse(string header)
    {
        var found = new List<Challenge>();
        var rest = header.AsSpan();
        while (true)
        {
            rest = rest.TrimStart(" \t,");
            if (rest.IsEmpty) return found;
            var word = TakeWord(ref rest);
            if (word.IsEmpty) return found;
            var behind = rest.TrimStart(" \t");
            if (behind is not ['=', ..])
            {
                found.Add(new Challenge(word.ToString(), ImmutableDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase)));
                continue;
            }
            rest = behind[1..].TrimStart(" \t");
            if (found.Count == 0) return found;
            var value = rest is ['"', ..] ? TakeQuoted(ref rest) : TakeWord(ref rest).ToString();
            // A token68 (Basic, Negotiate) may end in equals signs: they say nothing here.
            rest = rest.TrimStart('=');
            found[^1] = found[^1] with { Parameters = found[^1].Parameters.SetItem(word.ToString(), value) };
        }
    }

    private static ReadOnlySpan<char> TakeWord(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(WordEnds);
        var word = end < 0 ? rest : rest[..end];
        rest = rest[word.Length..];
        return word;
    }

    private static string TakeQuoted(ref ReadOnlySpan<char> rest)
    {
        var text = new StringBuilder();
        var at = 1;
        for (; at < rest.Length && rest[at] != '"'; at++)
        {
            if (rest[at] == '\\' && at + 1 < rest.Length) at++;
            text.Append(rest[at]);
        }
        rest = rest[Math.Min(at + 1, rest.Length)..];
        return text.ToString();
    }
}
