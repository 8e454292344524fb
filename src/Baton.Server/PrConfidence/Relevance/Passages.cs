using System.Collections.Immutable;
using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>A piece of the range that is small enough to point at.</summary>
internal sealed record Passage
{
    private const int MinListTerms = 60;
    private const double MinListVariety = 0.85;

    public required EvidenceKind Kind { get; init; }
    public string? File { get; init; }
    public required int StartLine { get; init; }
    public required int EndLine { get; init; }
    public string? Commit { get; init; }

    /// <summary>Path and section; of a commit, its subject.</summary>
    public required string Title { get; init; }

    /// <summary>With their marks.</summary>
    public required ImmutableArray<string> Lines { get; init; }

    public IReadOnlyDictionary<Field, IReadOnlyCollection<string>> Terms() => new Dictionary<Field, IReadOnlyCollection<string>>
    {
        [Field.Title] = [.. Tokenizer.Terms(Title)],
        [Field.Added] = Of('+'),
        [Field.Removed] = Of('-'),
        [Field.Context] = Of(' '),
    };

    /// <summary>
    /// Many words, and hardly one twice: a vocabulary, such as a list of stop words or a file of translations. It holds words of every criterion and
    /// speaks of none. Code repeats its names.
    /// </summary>
    public bool IsWordList()
    {
        var terms = Of('+');
        return terms.Length >= MinListTerms && terms.Distinct(StringComparer.Ordinal).Count() >= terms.Length * MinListVariety;
    }

    private string[] Of(char mark) => [.. Lines.Where(line => line[0] == mark).SelectMany(line => Tokenizer.Terms(line))];
}

/// <summary>Cuts a range into passages: hunks, long ones at blank lines, and commit messages.</summary>
internal static class Passages
{
    // Long enough for a function, short enough to read at a glance.
    private const int MaxLines = 40;
    private const int MinLines = 10;

    public static ImmutableArray<Passage> Of(ChangeSet changes) =>
    [
        .. changes.Files.SelectMany(file => file.Hunks.SelectMany(hunk => OfHunk(file, hunk, changes.Tests))),
        .. changes.Commits.Where(commit => !commit.IsMerge).Select(OfCommit),
    ];

    private static Passage OfCommit(Commit commit) => new()
    {
        Kind = EvidenceKind.Commit,
        StartLine = 0,
        EndLine = 0,
        Commit = commit.Sha,
        Title = commit.Subject,
        Lines = [.. commit.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => "+" + line)],
    };

    private static IEnumerable<Passage> OfHunk(ChangedFile file, Hunk hunk, ImmutableArray<TouchedTest> tests)
    {
        var (start, number) = (0, hunk.NewStart);
        var first = number;
        for (var i = 0; i < hunk.Lines.Length; i++)
        {
            if (hunk.Lines[i][0] != '-') number++;
            var length = i + 1 - start;
            if (i + 1 < hunk.Lines.Length && length < MaxLines && !(length >= MinLines && EndsHere(hunk.Lines[i], hunk.Lines[i + 1]))) continue;
            var lines = hunk.Lines[start..(i + 1)];
            if (lines.Any(line => line[0] != ' '))
            {
                yield return new()
                {
                    Kind = KindOf(file, first, tests),
                    File = file.Path,
                    StartLine = first,
                    EndLine = Math.Max(first, number - 1),
                    Commit = hunk.Commits.FirstOrDefault(),
                    Title = Title(file, hunk),
                    Lines = lines,
                };
            }
            (start, first) = (i + 1, number);
        }
    }

    private static bool EndsHere(string line, string next) => line.AsSpan(1).IsWhiteSpace() && !next.AsSpan(1).IsWhiteSpace();

    private static string Title(ChangedFile file, Hunk hunk) => $"{Path.ChangeExtension(file.Path, null)} {hunk.Section}";

    private static EvidenceKind KindOf(ChangedFile file, int line, ImmutableArray<TouchedTest> tests) => file.Kind switch
    {
        // Tests beside the code begin where the first of them begins.
        FileKind.Code when tests.Any(test => test.File == file.Path && test.Change != TestChange.Removed && test.Line <= line + 5) => EvidenceKind.Test,
        FileKind.Code => EvidenceKind.Code,
        FileKind.Test => EvidenceKind.Test,
        FileKind.Docs => EvidenceKind.Docs,
        FileKind.Config => EvidenceKind.Config,
        _ => EvidenceKind.Other,
    };
}
