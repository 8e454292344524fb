using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

[JsonConverter(typeof(SnakeCaseEnum<QuoteStatus>))]
internal enum QuoteStatus
{
    /// <summary>Stands in lines the range added, or in a commit message.</summary>
    Verified,

    /// <summary>Stands in the diff, but in unchanged or deleted lines: it shows what was there, not what was done.</summary>
    OnlyAround,

    /// <summary>Stands nowhere in what was read.</summary>
    Unverified,

    /// <summary>Too short to prove anything.</summary>
    TooShort,
}

/// <param name="Text">As the model gave it, at most 300 characters.</param>
/// <param name="Status">What the diff says to it.</param>
/// <param name="Where">"path:line" or "commit ...", if it was found.</param>
internal sealed record CheckedQuote(string Text, QuoteStatus Status, string? Where)
{
    /// <summary>What it counts towards the share of verified quotes.</summary>
    [JsonIgnore]
    public double Worth => Status switch { QuoteStatus.Verified => 1.0, QuoteStatus.OnlyAround => 0.5, _ => 0.0 };
}

/// <summary>Looks up what a model quotes. Whitespace and case do not matter; every other character does.</summary>
internal sealed class QuoteChecker
{
    private const int MinLetters = 6;
    private const int MaxShown = 300;
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Place = new(@"^[`""'(\[]*(---\s+\w+\s+)?(?<path>[^\s:`""']+\.[\w]+):(?<line>\d{1,7})(-(?<end>\d{1,7}))?[:,)\]`""']*\s*(\(commit \w+\))?\s*(?<rest>.*)$", Options | RegexOptions.Singleline);
    private static readonly Regex Ellipsis = new(@"\s*(\.\.\.|…|\[\.\.\.\])\s*", Options);
    private readonly List<Source> sources = [];
    private readonly ChangeSet changes;

    // Text is squeezed to single spaces and lower case; Starts says where in it each line begins, with its number.
    private sealed record Source(string Where, bool IsAdded, string Text, List<(int Offset, int Number)> Starts);

    public QuoteChecker(ChangeSet changes)
    {
        this.changes = changes;
        foreach (var file in changes.Files.Where(file => !file.Hunks.IsEmpty))
        {
            Add(file, isAdded: true, '+');
            // A quote may run over added and unchanged lines; as long as it is found among the added ones alone it counts in full.
            Add(file, isAdded: false, '+', ' ');
            Add(file, isAdded: false, '-', ' ');
        }
        foreach (var commit in changes.Commits)
            sources.Add(new($"commit {commit.Sha[..Math.Min(10, commit.Sha.Length)]}", true, Squeeze($"{commit.Subject} {commit.Body}"), []));
    }

    public CheckedQuote Check(string quote)
    {
        var shown = GitText.Cut(quote, MaxShown);
        var text = quote.Trim();
        if (Place.Match(text) is { Success: true } place)
        {
            var rest = place.Groups["rest"].Value.Trim();
            if (rest.Length == 0) return CheckPlace(shown, place);
            text = rest;
        }
        var parts = Ellipsis.Split(text).Select(Bare).Where(part => part.Length > 0).ToArray();
        if (parts.Sum(part => part.Count(char.IsLetterOrDigit)) < MinLetters) return new(shown, QuoteStatus.TooShort, null);
        foreach (var isAdded in new[] { true, false })
        {
            // All parts of one quote must stand in one place, in their order.
            foreach (var source in sources.Where(source => source.IsAdded == isAdded))
            {
                if (Find(source.Text, parts) is >= 0 and var at) return new(shown, isAdded ? QuoteStatus.Verified : QuoteStatus.OnlyAround, Locate(source, at));
            }
        }
        return new(shown, QuoteStatus.Unverified, null);
    }

    private static int Find(string text, string[] parts)
    {
        var first = -1;
        var from = 0;
        foreach (var part in parts)
        {
            var at = text.IndexOf(part, from, StringComparison.Ordinal);
            if (at < 0) return -1;
            if (first < 0) first = at;
            from = at + part.Length;
        }
        return first;
    }

    private static string Locate(Source source, int at) => source.Starts.Count == 0 ? source.Where
        : $"{source.Where}:{source.Starts.FindLast(start => start.Offset <= at).Number}";

    private CheckedQuote CheckPlace(string shown, Match place)
    {
        var line = int.Parse(place.Groups["line"].Value, CultureInfo.InvariantCulture);
        var end = place.Groups["end"].Success ? int.Parse(place.Groups["end"].Value, CultureInfo.InvariantCulture) : line;
        var file = changes.Files.FirstOrDefault(file => file.Path == place.Groups["path"].Value);
        var isIn = file is not null && file.Hunks.Any(hunk => line <= hunk.NewStart + hunk.NewCount - 1 && end >= hunk.NewStart);
        // A place says where to look, not what is written there.
        return new(shown, isIn ? QuoteStatus.OnlyAround : QuoteStatus.Unverified, isIn ? $"{file!.Path}:{line}" : null);
    }

    private void Add(ChangedFile file, bool isAdded, params ReadOnlySpan<char> marks)
    {
        var text = new StringBuilder();
        var starts = new List<(int, int)>();
        foreach (var hunk in file.Hunks)
        {
            var number = hunk.NewStart;
            foreach (var line in hunk.Lines)
            {
                if (marks.Contains(line[0]) && Squeeze(line[1..]) is { Length: > 0 } squeezed)
                {
                    starts.Add((text.Length, number));
                    text.Append(squeezed).Append(' ');
                }
                if (line[0] != '-') number++;
            }
        }
        sources.Add(new(file.Path, isAdded, text.ToString(), starts));
    }

    /// <summary>A quote without the marks of a patch at the beginning of its lines and without quotation marks around it.</summary>
    private static string Bare(string quote) =>
        Squeeze(string.Join(' ', quote.Split('\n').Select(line => line.TrimStart() is ['+' or '-', ..] marked ? marked[1..] : line)))
            .Trim('`', '"', '\'', '“', '”').Trim();

    private static string Squeeze(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToLowerInvariant();
}
