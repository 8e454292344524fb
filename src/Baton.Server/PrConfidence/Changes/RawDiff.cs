using System.Globalization;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>One file of <c>git diff-tree --raw --numstat -z</c>.</summary>
internal sealed record RawFile(string Path, string? OldPath, FileStatus Status, int? Similarity, string? OldBlob, string? NewBlob, bool IsSubmodule)
{
    public int Added { get; init; }
    public int Deleted { get; init; }
    public bool IsBinary { get; init; }
}

/// <summary>The list of changed files: the part of a diff that is complete even when the patch is too large to read.</summary>
internal static class RawDiff
{
    private const string Submodule = "160000";

    public static List<RawFile> Parse(ReadOnlyMemory<byte> output)
    {
        var files = new List<RawFile>();
        using var parts = GitText.SplitAtNul(output).GetEnumerator();
        var counted = 0;
        while (parts.MoveNext())
        {
            var head = Encoding.Latin1.GetString(parts.Current.Span);
            if (head.StartsWith(':')) files.AddIfRead(RawOf(head, parts));
            else if (head.Contains('\t', StringComparison.Ordinal) && counted < files.Count) files[counted] = Count(files[counted++], head, parts);
        }
        return files;
    }

    private static void AddIfRead(this List<RawFile> files, RawFile? file)
    {
        if (file is not null) files.Add(file);
    }

    /// <summary>":100644 100644 old new R086 NUL old path NUL new path"; the second path only of a rename.</summary>
    private static RawFile? RawOf(string head, IEnumerator<ReadOnlyMemory<byte>> parts)
    {
        var fields = head[1..].Split(' ');
        if (fields is not [var oldMode, var newMode, var oldBlob, var newBlob, { Length: > 0 } status] || !parts.MoveNext()) return null;
        var path = GitText.Path(parts.Current.Span);
        string? oldPath = null;
        if (status[0] is 'R' or 'C' && parts.MoveNext()) (oldPath, path) = (path, GitText.Path(parts.Current.Span));
        return new(path, oldPath, StatusOf(status[0]), oldPath is null ? null : int.Parse(status[1..], CultureInfo.InvariantCulture),
            Present(oldBlob), Present(newBlob), oldMode == Submodule || newMode == Submodule);
    }

    private static FileStatus StatusOf(char letter) => letter switch
    {
        'A' or 'C' => FileStatus.Added,
        'D' => FileStatus.Deleted,
        'R' => FileStatus.Renamed,
        'T' => FileStatus.TypeChanged,
        _ => FileStatus.Modified,
    };

    private static string? Present(string id) => id.Trim('0').Length == 0 ? null : id;

    /// <summary>"12 TAB 3 TAB path", or "12 TAB 3 TAB NUL old path NUL new path" of a rename; dashes of a binary file. Same order as the raw list.</summary>
    private static RawFile Count(RawFile file, string head, IEnumerator<ReadOnlyMemory<byte>> parts)
    {
        var fields = head.Split('\t', 3);
        if (fields is [_, _, ""] && parts.MoveNext()) parts.MoveNext();
        return file with
        {
            Added = int.TryParse(fields[0], CultureInfo.InvariantCulture, out var added) ? added : 0,
            Deleted = fields.Length > 1 && int.TryParse(fields[1], CultureInfo.InvariantCulture, out var deleted) ? deleted : 0,
            IsBinary = fields[0] == "-",
        };
    }
}
