using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Which commit of the range wrote a line. One log of patches is read instead of a blame per file: a changed line belongs to the newest commit
/// that added (or deleted) the same text in the same file. Merge commits have no patch of their own; lines written only in one fall back to the
/// last commit that touched the file.
/// </summary>
internal sealed class Attribution
{
    private readonly Dictionary<string, Dictionary<string, string>> writers = new(StringComparer.Ordinal);    // by path, then by line
    private readonly Dictionary<string, List<string>> commits = new(StringComparer.Ordinal);

    private Attribution() { }

    public bool IsCut { get; private init; }

    public static async Task<Asked<Attribution>> ReadAsync(Repository repository, string baseSha, string head, CollectLimits limits, CancellationToken cancel)
    {
        var asked = await repository.AskAsync(
            ["log", "--topo-order", "--reverse", $"--max-count={limits.MaxCommits}", "--no-merges", "--no-show-signature", "--no-notes",
                $"--format={PatchParser.CommitMark}%H",
                "-p", "-M", "--unified=0", "--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short", "--src-prefix=a/", "--dst-prefix=b/",
                head, "^" + baseSha, "--"],
            limits.MaxDiffBytes, cancel);
        if (asked.Failed(out var error, out var log)) return error;
        var attribution = new Attribution { IsCut = log.Truncated };
        foreach (var file in PatchParser.Parse(log.Output, limits.MaxLineChars)) attribution.Add(file);
        return attribution;
    }

    /// <summary>Commits that touched the file, under this name or one it had before in the range; oldest first.</summary>
    public ImmutableArray<string> CommitsOf(string path) => commits.TryGetValue(path, out var found)
        ? [.. found.Distinct(StringComparer.Ordinal).TakeLast(20)] : [];

    /// <summary>At most three commits of the changed lines, the one with most of them first.</summary>
    public ImmutableArray<string> CommitsOf(string path, IEnumerable<string> hunkLines)
    {
        var written = writers.GetValueOrDefault(path) ?? [];
        var found = hunkLines.Where(line => line[0] != ' ').Select(line => written.GetValueOrDefault(line)).OfType<string>()
            .GroupBy(commit => commit, StringComparer.Ordinal).OrderByDescending(group => group.Count()).Take(3).Select(group => group.Key).ToImmutableArray();
        return found.IsEmpty && commits.TryGetValue(path, out var touched) ? [touched[^1]] : found;
    }

    private void Add(PatchFile file)
    {
        if (file.Commit is not { } commit) return;
        if (file.OldPath != file.NewPath)
        {
            if (commits.Remove(file.OldPath, out var earlier)) commits[file.NewPath] = earlier;
            if (writers.Remove(file.OldPath, out var lines)) writers[file.NewPath] = lines;
        }
        if (!commits.TryGetValue(file.NewPath, out var touched)) commits[file.NewPath] = touched = [];
        touched.Add(commit);
        if (!writers.TryGetValue(file.NewPath, out var written)) writers[file.NewPath] = written = new(StringComparer.Ordinal);
        foreach (var line in file.Hunks.SelectMany(hunk => hunk.Lines)) written[line] = commit;
    }
}
