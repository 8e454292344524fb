using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>
/// Step 1: reads a range of a Git repository. The diff is that of a code review, <c>base...head</c>: from the commit at which the two parted to head.
/// Nothing is written to the repository, and nothing in it is executed.
/// </summary>
internal sealed class RangeCollector(TimeProvider time)
{
    private const int MaxListBytes = 32 << 20;

    public async Task<CollectResult> CollectAsync(CollectRequest request, CancellationToken cancel)
    {
        var limits = request.Limits ?? new();
        var opened = await Repository.OpenAsync(new Git(time), request.Repo, TimeSpan.FromSeconds(limits.TimeoutSeconds), cancel);
        if (opened.Failed(out var error, out var repository)) return new CollectResult.Failed(error);
        var ends = await EndsAsync(repository, request, cancel);
        if (ends.Failed(out error, out var range)) return new CollectResult.Failed(error);
        var asked = await ReadAsync(repository, range, limits, cancel);
        return asked.Failed(out error, out var changes) ? new CollectResult.Failed(error) : new CollectResult.Collected(changes);
    }

    private sealed record Ends(Revision Base, Revision Head, string MergeBase, ImmutableArray<Note> Notes);

    private static async Task<Asked<Ends>> EndsAsync(Repository repository, CollectRequest request, CancellationToken cancel)
    {
        var asked = await Revisions.ResolveAsync(repository, request.Base, cancel);
        if (asked.Failed(out var error, out var baseSha)) return error;
        asked = await Revisions.ResolveAsync(repository, request.Head, cancel);
        if (asked.Failed(out error, out var head)) return error;

        var outcome = await repository.RunAsync(["merge-base", "--all", baseSha, head], 4096, default, cancel);
        if (outcome is not GitOutcome.Ran { ExitCode: 0 or 1 } ran) return GitError.Of(outcome, "merge-base");
        var bases = ran.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (bases.Length == 0) return new GitError.NoCommonAncestor(request.Base, request.Head, repository.IsShallow);
        var notes = ImmutableArray.CreateBuilder<Note>();
        if (repository.IsShallow) notes.Add(new("shallow", "The clone is shallow: commits before its boundary were not seen."));
        if (bases.Length > 1) notes.Add(new("merge_bases", $"The range has {bases.Length} merge bases; {bases[0][..10]} was taken, as git diff does."));
        if (baseSha == head) notes.Add(new("empty_range", "Base and head are the same commit: there is nothing to analyse."));
        else if (bases[0] == head) notes.Add(new("empty_range",
            $"Base '{request.Base}' already contains head '{request.Head}': there is nothing to analyse; are they swapped?"));
        return new Ends(new(request.Base, baseSha), new(request.Head, head), bases[0], notes.ToImmutable());
    }

    private static async Task<Asked<ChangeSet>> ReadAsync(Repository repository, Ends range, CollectLimits limits, CancellationToken cancel)
    {
        var (mergeBase, head) = (range.MergeBase, range.Head.Sha);
        var log = await CommitLog.ReadAsync(repository, mergeBase, range.Base.Sha, head, limits, cancel);
        if (log.Failed(out var error, out var commits)) return error;
        var list = await repository.AskAsync(["diff-tree", "-r", "-M", "-z", "--raw", "--numstat", "--no-abbrev", "--no-ext-diff", "--no-textconv",
            mergeBase, head, "--"], MaxListBytes, cancel);
        if (list.Failed(out error, out var listed)) return error;
        var diff = await repository.AskAsync(
            ["diff-tree", "-r", "-M", "-p", "--unified=3", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short",
                "--src-prefix=a/", "--dst-prefix=b/",
                mergeBase, head, "--"], limits.MaxDiffBytes, cancel);
        if (diff.Failed(out error, out var patch)) return error;
        var written = await Attribution.ReadAsync(repository, range.Base.Sha, head, limits, cancel);
        if (written.Failed(out error, out var attribution)) return error;

        var notes = range.Notes.AddRange(commits.Notes).ToBuilder();
        if (listed.Truncated) notes.Add(new("files_cut", "The list of changed files is longer than 32 MiB; the rest was not read."));
        if (listed.Errors.Contains("rename detection", StringComparison.Ordinal)) notes.Add(new("renames_unsearched",
            "Too many files changed for a full search for renames; some show as one deleted and one added file."));
        if (patch.Truncated) notes.Add(new("diff_cut", $"The diff is longer than {limits.MaxDiffBytes:N0} bytes; the lines beyond were not read."));
        if (attribution.IsCut) notes.Add(new("attribution_cut",
            "The patches of the single commits are too large to read; commits of later lines are those that touched the file last."));

        var raw = RawDiff.Parse(listed.Output);
        var files = FilesOf(raw.Take(limits.MaxFiles), patch.Output, attribution, limits, notes);
        if (raw.Count > limits.MaxFiles) notes.Add(new("files_cut", $"{raw.Count} files changed; the first {limits.MaxFiles} are listed."));

        var foundTests = await TestCollector.CollectAsync(repository, files, limits, cancel);
        if (foundTests.Failed(out error, out var tests)) return error;
        var foundNames = await NameCollector.CollectAsync(repository, head, files, limits, cancel);
        if (foundNames.Failed(out error, out var names)) return error;
        return new ChangeSet
        {
            Repo = repository.Folder,
            Base = range.Base,
            Head = range.Head,
            MergeBase = mergeBase,
            Commits = commits.Commits,
            Files = files,
            Names = names.Names,
            Tests = tests.Tests,
            Directories = Churn.ByDirectory(files),
            Totals = Churn.Totals(commits.Total, raw),
            Notes = [.. notes, .. tests.Notes, .. names.Notes],
        };
    }

    private static ImmutableArray<ChangedFile> FilesOf(
        IEnumerable<RawFile> raw, ReadOnlyMemory<byte> patch, Attribution attribution, CollectLimits limits, ImmutableArray<Note>.Builder notes)
    {
        var patches = PatchParser.Parse(patch, limits.MaxLineChars).ToLookup(file => file.NewPath, StringComparer.Ordinal);
        var budget = new HunkBudget(limits);
        // What is code or a test is served first, so that large data files cannot use up the room; then the order of the diff is restored.
        var files = raw.Select((file, index) => (file, index)).OrderBy(item => Precedence(item.file))
            .Select(item => (File: FileOf(item.file, patches[item.file.Path], attribution, budget), item.index))
            .OrderBy(item => item.index).Select(item => item.File).ToImmutableArray();
        if (files.Count(file => file.IsTruncated && file.Kind != FileKind.Generated) is var cut and > 0)
            notes.Add(new("hunks_cut",
                $"The diffs of {cut} files were cut: at most {limits.MaxKeptCharsPerFile:N0} characters are kept of a file and {limits.MaxKeptChars:N0} of all."));
        if (files.Count(file => file.Kind == FileKind.Generated) is var generated and > 0)
            notes.Add(new("generated_skipped", $"The lines of {generated} generated or vendored files were not read as evidence."));
        if (files.Count(file => file.Kind == FileKind.Submodule) is var submodules and > 0)
            notes.Add(new("submodules", $"{submodules} submodules moved to another commit; what changed inside them is not part of this range."));
        return files;
    }

    private static int Precedence(RawFile file) => FileKinds.Of(file.Path) switch
    {
        FileKind.Code => 0,
        FileKind.Test => 1,
        FileKind.Docs => 2,
        FileKind.Config => 3,
        _ => 4,
    };

    private static ChangedFile FileOf(RawFile raw, IEnumerable<PatchFile> patches, Attribution attribution, HunkBudget budget)
    {
        var kind = raw.IsSubmodule ? FileKind.Submodule : raw.IsBinary ? FileKind.Binary : FileKinds.Of(raw.Path);
        var read = patches.SelectMany(patch => patch.Hunks).ToArray();
        var isComplete = read.Sum(hunk => hunk.Lines.Count(line => line[0] != ' ')) == raw.Added + raw.Deleted;
        var (hunks, isCut) = kind is FileKind.Generated ? ([], read.Length > 0) : budget.Keep(read, lines => attribution.CommitsOf(raw.Path, lines));
        return new()
        {
            Path = raw.Path,
            OldPath = raw.Status == FileStatus.Renamed ? raw.OldPath : null,
            Status = raw.Status,
            Similarity = raw.Similarity,
            Kind = kind,
            Language = kind is FileKind.Code or FileKind.Test ? Languages.Of(raw.Path) : null,
            Added = raw.Added,
            Deleted = raw.Deleted,
            OldBlob = raw.OldBlob,
            NewBlob = raw.NewBlob,
            Commits = attribution.CommitsOf(raw.Path),
            Hunks = hunks,
            IsTruncated = isCut || !isComplete,
        };
    }
}
