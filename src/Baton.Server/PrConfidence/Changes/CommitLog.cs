using System.Collections.Immutable;
using System.Globalization;

namespace Baton.Server.PrConfidence;

/// <summary>The commits of a range, oldest first.</summary>
internal static class CommitLog
{
    private const int MaxSubjectChars = 300;
    private const int MaxBodyChars = 2_000;
    private const int MaxTextTogether = 256 << 10;
    private const int Fields = 6;

    public static async Task<Asked<CommitsRead>> ReadAsync(Repository repository, string mergeBase, string baseSha, string head, CollectLimits limits,
        CancellationToken cancel)
    {
        var asked = await repository.AskAsync(["rev-list", "--count", head, "^" + baseSha, "--"], 64, cancel);
        if (asked.Failed(out var error, out var counted)) return error;
        asked = await repository.AskAsync(
            ["log", "-z", "--topo-order", "--reverse", $"--max-count={limits.MaxCommits}", "--no-show-signature", "--no-notes", "--no-mailmap",
                "--encoding=UTF-8",
                "--format=%H%x00%P%x00%an%x00%aI%x00%s%x00%b", head, "^" + baseSha, "--"], limits.MaxDiffBytes, cancel);
        if (asked.Failed(out error, out var log)) return error;

        var total = int.Parse(counted.Text.Trim(), CultureInfo.InvariantCulture);
        var notes = ImmutableArray.CreateBuilder<Note>();
        var commits = ImmutableArray.CreateBuilder<Commit>();
        var left = MaxTextTogether;
        // -z ends each commit with NUL as well: the fields of all commits form one list.
        foreach (var fields in GitText.SplitAtNul(log.Output).Select(part => GitText.Content(part.Span)).Chunk(Fields))
        {
            if (fields.Length < Fields) continue;
            var body = GitText.Cut(fields[5].Trim(), Math.Min(MaxBodyChars, Math.Max(left, 1)));
            left -= body.Length;
            var date = DateTimeOffset.TryParse(fields[3], CultureInfo.InvariantCulture, out var read) ? read : DateTimeOffset.UnixEpoch;
            var isMerge = fields[1].Contains(' ', StringComparison.Ordinal);
            commits.Add(new(fields[0], GitText.Cut(fields[2], 100), date, GitText.Cut(fields[4], MaxSubjectChars), body, isMerge));
        }
        if (left < 0) notes.Add(new("messages_cut", "The commit messages are long together; the bodies of the later ones were cut."));
        if (total > commits.Count) notes.Add(new("commits_cut", $"The range has {total} commits; the newest {commits.Count} were read."));
        if (commits.Any(commit => commit.IsMerge))
            notes.Add(new("merges",
                $"{commits.Count(commit => commit.IsMerge)} of the commits are merges; the diff is that of the whole range against the merge base {mergeBase[..10]}, as in a code review."));
        return new CommitsRead(commits.ToImmutable(), total, notes.ToImmutable());
    }
}

internal sealed record CommitsRead(ImmutableArray<Commit> Commits, int Total, ImmutableArray<Note> Notes);
