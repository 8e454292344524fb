using System.Collections.Immutable;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Baton.Server.PrConfidence;

/// <summary>Documents to search: at head, all or those of a folder, or in a folder beside the repository.</summary>
/// <param name="IsAtHead">True when paths are those of the range.</param>
internal sealed record DocSource(ImmutableArray<(string Path, string Text)> Texts, bool IsAtHead, ImmutableArray<Note> Notes)
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;
    private const int MaxListBytes = 64 << 20;
    private const int MaxPathBytes = 64 << 10;

    // Documents that record the past, and files that are no documents of this project.
    private static readonly Regex Skipped = new(
        @"(^|/)(change-?log|changes|history|news|releases?|release[-_]?notes|migrat[^/]*|upgrad[^/]*|licen[sc]e|notice|copying|authors|contributors|third[-_]party[^/]*)[^/]*$"
        + @"|(^|/)(decisions|adrs?|rfcs?|proposals|archive|archived|blog|posts|fixtures|testdata|test-data|snapshots|changelogs?|releases|release-notes)/", Options);

    private static readonly EnumerationOptions WithoutLinks = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, MaxRecursionDepth = 32 };

    /// <param name="repository">The range's.</param>
    /// <param name="head">A commit id.</param>
    /// <param name="folder">Null for the whole repository; relative for a folder at head; absolute for one on this machine, which may lie in the work tree.</param>
    /// <param name="limits">How much is read.</param>
    /// <param name="cancel">Ends git.</param>
    public static async Task<Asked<DocSource>> ReadAsync(Repository repository, string head, string? folder, StaleDocsLimits limits, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(folder)) return await AtHeadAsync(repository, head, "", limits, cancel);
        var inside = Path.IsPathRooted(folder) ? await InWorkTreeAsync(repository, folder, cancel) : folder;
        if (inside is null) return await InFolderAsync(folder, limits, cancel);
        var parts = inside.Replace('\\', '/').Split('/').Where(part => part is not ("" or "."));
        return await AtHeadAsync(repository, head, string.Concat(parts.Select(part => $"{part}/")), limits, cancel);
    }

    /// <summary>The folder relative to the work tree's root, or null when it lies elsewhere.</summary>
    private static async Task<string?> InWorkTreeAsync(Repository repository, string folder, CancellationToken cancel)
    {
        var asked = await repository.AskAsync(["rev-parse", "--show-toplevel"], MaxPathBytes, cancel);
        if (asked.Failed(out _, out var root)) return null;    // bare
        var relative = Path.GetRelativePath(root.Text.Trim(), folder);
        return relative == ".." || relative.StartsWith("../", StringComparison.Ordinal) || Path.IsPathRooted(relative) ? null : relative;
    }

    private static async Task<Asked<DocSource>> AtHeadAsync(Repository repository, string head, string prefix, StaleDocsLimits limits, CancellationToken cancel)
    {
        var asked = await repository.AskAsync(["ls-tree", "-r", "-z", "--full-tree", head], MaxListBytes, cancel);
        if (asked.Failed(out var error, out var tree)) return error;
        var notes = ImmutableArray.CreateBuilder<Note>();
        var entries = GitText.SplitAtNul(tree.Output).Select(BlobOf).OfType<(string Path, string Blob)>().Where(file => file.Path.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
        if (entries.Length == 0 && prefix.Length > 0) return new GitError.NoSuchDocs(prefix.TrimEnd('/'));
        var files = entries.Where(file => prefix.Length == 0 ? IsDocument(file.Path) : IsDocumentOf(file.Path[prefix.Length..])).ToArray();
        if (tree.Truncated || files.Length > limits.MaxDocs) notes.Add(Cut("The repository", files.Length, limits));
        files = [.. files.Take(limits.MaxDocs)];
        var read = await Blobs.ReadAsync(repository, files.Select(file => file.Blob), limits.MaxDocBytes, limits.MaxBytesTogether, cancel);
        if (read.Failed(out error, out var blobs)) return error;
        if (blobs.TooLarge.Length + blobs.Missing.Length is var unread and > 0) notes.Add(new("docs_unread",
            $"{unread} documents were not searched: they are too large, or not in this clone."));
        return new DocSource([.. files.Where(file => blobs.Texts.ContainsKey(file.Blob)).Select(file => (file.Path, blobs.Texts[file.Blob]))], IsAtHead: true, notes.ToImmutable());
    }

    private static async Task<Asked<DocSource>> InFolderAsync(string folder, StaleDocsLimits limits, CancellationToken cancel)
    {
        if (!Directory.Exists(folder)) return new GitError.NoSuchDocs(folder);
        var (texts, notes, together, unread) = (ImmutableArray.CreateBuilder<(string, string)>(), ImmutableArray.CreateBuilder<Note>(), 0L, 0);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder));
        var files = Directory.EnumerateFiles(folder, "*", WithoutLinks).Select(full => (Path: Path.GetRelativePath(folder, full).Replace('\\', '/'), Full: full))
            .Where(file => IsDocumentOf(file.Path)).OrderBy(file => file.Path, StringComparer.Ordinal).ToArray();
        if (files.Length > limits.MaxDocs) notes.Add(Cut("The folder", files.Length, limits));
        foreach (var (path, full) in files.Take(limits.MaxDocs))
        {
            var length = new FileInfo(full).Length;
            var bytes = length <= limits.MaxDocBytes && together + length <= limits.MaxBytesTogether ? await File.ReadAllBytesAsync(full, cancel) : null;
            if (bytes is null || !Utf8.IsValid(bytes) || bytes.Contains((byte)0))
            {
                unread++;
                continue;
            }
            together += length;
            texts.Add(($"{name}/{path}", Encoding.UTF8.GetString(bytes)));
        }
        if (unread > 0) notes.Add(new("docs_unread", $"{unread} documents were not searched: they are too large, or not UTF-8 text."));
        return new DocSource(texts.ToImmutable(), IsAtHead: false, notes.ToImmutable());
    }

    private static bool IsDocument(string path) => FileKinds.Of(path) == FileKind.Docs && !Skipped.IsMatch(path);

    /// <summary>In a folder that was named as one of documents, by the path within it.</summary>
    private static bool IsDocumentOf(string path) => FileKinds.Of($"docs/{path}") == FileKind.Docs && !Skipped.IsMatch(path);

    private static Note Cut(string where, int count, StaleDocsLimits limits) => new("docs_cut", $"{where} has {count} documents; the first {limits.MaxDocs} were searched.");

    /// <summary>"100644 blob ID TAB path"; links and submodules are not read.</summary>
    private static (string Path, string Blob)? BlobOf(ReadOnlyMemory<byte> entry)
    {
        var tab = entry.Span.IndexOf((byte)'\t');
        if (tab < 0 || Encoding.ASCII.GetString(entry.Span[..tab]).Split(' ') is not ["100644" or "100755", "blob", var blob]) return null;
        return (GitText.Path(entry.Span[(tab + 1)..]), blob);
    }
}
