using System.Collections.Immutable;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>Ranges and tickets made by hand, for tests that need no repository.</summary>
internal static class Ranges
{
    public const string Sha = "1234567890abcdef1234567890abcdef12345678";

    /// <summary>Each file is new and holds the text.</summary>
    public static ChangeSet Of(params (string Path, string Text)[] files) =>
        Of([new Commit(Sha, "Ada Quist", DateTimeOffset.UnixEpoch, "AB-1: Do what the ticket asks", "", IsMerge: false)], files);

    public static ChangeSet Of(ImmutableArray<Commit> commits, params (string Path, string Text)[] files)
    {
        ImmutableArray<ChangedFile> changed = [.. files.Select(file => File(file.Path, file.Text, commits.FirstOrDefault()?.Sha))];
        return new()
        {
            Repo = "/repo",
            Base = new("main", Sha),
            Head = new("topic", Sha),
            MergeBase = Sha,
            Commits = commits,
            Files = changed,
            Names = [],
            Tests = [.. changed.Where(file => file.Kind == FileKind.Test && file.Language is not null).SelectMany(Tests)],
            Directories = Churn.ByDirectory(changed),
            Totals = new(commits.Length, changed.Length, changed.Sum(file => file.Added), 0, changed.Sum(file => file.Added)),
            Notes = [],
        };
    }

    public static ChangedFile File(string path, string text, string? commit = Sha)
    {
        ImmutableArray<string> lines = [.. text.TrimEnd('\n').Split('\n').Select(line => "+" + line)];
        return new()
        {
            Path = path,
            Status = FileStatus.Added,
            Kind = FileKinds.Of(path),
            Language = Languages.Of(path),
            Added = lines.Length,
            Deleted = 0,
            NewBlob = Sha,
            Commits = commit is null ? [] : [commit],
            IsTruncated = false,
            Hunks = [new() { OldStart = 0, OldCount = 0, NewStart = 1, NewCount = lines.Length, Section = "", Lines = lines, Commits = commit is null ? []
                : [commit] }],
        };
    }

    public static Ticket Ticket(params string[] criteria) => new()
    {
        Id = "AB-1",
        Title = "Title",
        Description = "",
        Criteria = [.. criteria.Select((text, index) => new Criterion($"AC-{index + 1}", text, index + 3))],
        CriteriaSource = criteria.Length == 0 ? CriteriaSource.None : CriteriaSource.Section,
        Source = "ticket.md",
        Notes = [],
    };

    public static CriterionMatch Match(string id, double coverage, params Evidence[] evidence) => new()
    {
        CriterionId = id,
        Score = evidence.Select(item => item.Score).DefaultIfEmpty(0).Max(),
        Coverage = coverage,
        MatchedWords = ["found"],
        MissingWords = ["absent"],
        Evidence = [.. evidence],
        IsAboutDocs = false,
        EvidenceText = "",
    };

    public static Evidence Evidence(EvidenceKind kind = EvidenceKind.Code, double score = 0.4, string file = "src/a.py", string excerpt = "+code") => new()
    {
        Kind = kind,
        File = kind == EvidenceKind.Commit ? null : file,
        StartLine = 3,
        EndLine = 9,
        Commit = Sha,
        Score = score,
        Words = ["found"],
        Excerpt = excerpt,
    };

    public static CrossReference CrossReference(params CriterionMatch[] matches) =>
        new() { Criteria = [.. matches], UnclaimedFiles = [], Passages = 3, Method = "BM25F" };

    private static IEnumerable<TouchedTest> Tests(ChangedFile file) =>
        TestNames.Find(file.Language!, string.Join('\n', file.Hunks[0].Lines.Select(line => line[1..])))
            .Select(test => new TouchedTest(file.Path, test.Line, test.Name, TestChange.Added));
}
