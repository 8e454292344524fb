using System.Collections.Immutable;
using System.Text;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>
/// What an upstream says of an error, fit to be shown: on one line, bounded, without the key and without the prompt. Upstreams like to quote what
/// they were sent.
/// </summary>
internal sealed class Quotation(string? key, ImmutableArray<ModelMessage> messages)
{
    private const int MaxChars = 300;
    private const int MaxRead = 4 * MaxChars;

    // Shorter runs are words that both would use.
    private const int MinRun = 12;

    // A whole message this short says nothing.
    private const int MinWhole = 3;

    private readonly Secrets secrets = Secrets.Of(key);

    /// <summary>The text as part of a sentence; null when there is nothing to quote.</summary>
    public string? Of(string? text)
    {
        if (string.IsNullOrWhiteSpace(text)) return null;
        var shown = WithoutPrompt(secrets.Mask(text.Length > MaxRead ? text[..MaxRead] : text));
        var line = new StringBuilder();
        foreach (var rune in shown.EnumerateRunes())
        {
            var isSpace = Rune.IsWhiteSpace(rune) || Rune.IsControl(rune);
            if (!isSpace) line.Append(rune);
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
            if (line.Length >= MaxChars) return line.Append('…').ToString();
        }
        var said = line.ToString().Trim();
        return said.Length == 0 ? null : said;
    }

    /// <summary>Every run of letters that also stands in a message becomes an ellipsis.</summary>
    private string WithoutPrompt(string text)
    {
        var kept = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var run = messages.IsEmpty ? 0 : messages.Max(message => RunAt(text, at, message.Content));
            if (run == 0) kept.Append(text[at++]);
            else
            {
                if (kept.Length == 0 || kept[^1] != '…') kept.Append('…');
                at += run;
            }
        }
        return kept.ToString();
    }

    /// <summary>How many characters from here on stand in the message too, if they are enough to be of it.</summary>
    private static int RunAt(string text, int at, string message)
    {
        var rest = text.AsSpan(at);
        if (message.Length is >= MinWhole and < MinRun) return rest.StartsWith(message, StringComparison.Ordinal) ? message.Length : 0;
        if (rest.Length < MinRun) return 0;
        var longest = 0;
        for (var from = message.AsSpan().IndexOf(rest[..MinRun], StringComparison.Ordinal); from >= 0;)
        {
            longest = Math.Max(longest, rest.CommonPrefixLength(message.AsSpan(from)));
            var next = message.AsSpan(from + 1).IndexOf(rest[..MinRun], StringComparison.Ordinal);
            if (next < 0) break;
            from += next + 1;
        }
        return longest;
    }
}
