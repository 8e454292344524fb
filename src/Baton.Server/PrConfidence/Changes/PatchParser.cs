using System.Globalization;
using System.Text;

namespace Baton.Server.PrConfidence;

internal sealed class PatchFile
{
    /// <summary>The commit, if the patch is part of a log.</summary>
    public string? Commit { get; init; }

    public string OldPath { get; set; } = "";
    public string NewPath { get; set; } = "";
    public List<PatchHunk> Hunks { get; } = [];
}

internal sealed class PatchHunk
{
    public required int OldStart { get; init; }
    public required int OldCount { get; init; }
    public required int NewStart { get; init; }
    public required int NewCount { get; init; }
    public required string Section { get; init; }
    public List<string> Lines { get; } = [];
}

/// <summary>Reads git's unified diff. Lines of a hunk are counted, so that no content can pass for a header.</summary>
internal static class PatchParser
{
    /// <summary>Begins the line that names the commit in a log of patches; no line of a patch begins with it.</summary>
    public const char CommitMark = '\u0001';

    /// <param name="patch">Output of <c>git diff-tree -p</c> or <c>git log -p</c>.</param>
    /// <param name="maxLineChars">Longer lines are cut.</param>
    public static List<PatchFile> Parse(ReadOnlyMemory<byte> patch, int maxLineChars)
    {
        var files = new List<PatchFile>();
        string? commit = null;
        PatchFile? file = null;
        PatchHunk? hunk = null;
        var (oldLeft, newLeft) = (0, 0);
        foreach (var bytes in GitText.Lines(patch))
        {
            var line = bytes.Span;
            if (oldLeft > 0 || newLeft > 0)
            {
                // An empty line is an empty context line of which some tool ate the space.
                var mark = line.IsEmpty ? (byte)' ' : line[0];
                if (mark == '\\') continue;
                if (mark is (byte)' ' or (byte)'-') oldLeft--;
                if (mark is (byte)' ' or (byte)'+') newLeft--;
                hunk!.Lines.Add((char)mark + GitText.Cut(GitText.Content(line.IsEmpty ? line : line[1..].TrimEnd((byte)'\r')), maxLineChars));
                continue;
            }
            if (!line.IsEmpty && line[0] == CommitMark)
            {
                (file, commit) = (null, Encoding.ASCII.GetString(line[1..]));
            }
            else if (line.StartsWith("diff --git "u8))
            {
                file = new() { Commit = commit };
                files.Add(file);
                (file.OldPath, file.NewPath) = HeaderPaths(line["diff --git "u8.Length..]);
            }
            else if (file is null) continue;
            else if (line.StartsWith("rename from "u8)) file.OldPath = PathOf(line["rename from "u8.Length..]);
            else if (line.StartsWith("rename to "u8)) file.NewPath = PathOf(line["rename to "u8.Length..]);
            else if (line.StartsWith("@@ -"u8) && HunkOf(Encoding.UTF8.GetString(line), maxLineChars) is { } opened)
            {
                hunk = opened;
                file.Hunks.Add(opened);
                (oldLeft, newLeft) = (opened.OldCount, opened.NewCount);
            }
        }
        return files;
    }

    private static string PathOf(ReadOnlySpan<byte> name) => GitText.Path(GitText.Unquote(name));

    /// <summary>The two paths of "a/X b/X". They are equal, except in a rename, which states them again on lines of their own.</summary>
    private static (string Old, string New) HeaderPaths(ReadOnlySpan<byte> names)
    {
        if (names.Length < 5) return ("", "");
        var half = (names.Length - 1) / 2;
        var first = GitText.Unquote(names[..half]);
        return first.Length < 2 ? ("", "") : (GitText.Path(first.AsSpan(2)), GitText.Path(first.AsSpan(2)));
    }

    /// <summary>"@@ -12,7 +12,9 @@ section".</summary>
    private static PatchHunk? HunkOf(string line, int maxLineChars)
    {
        var end = line.IndexOf(" @@", 3, StringComparison.Ordinal);
        if (end < 0) return null;
        var ranges = line[3..end].Split(' ');
        if (ranges.Length != 2 || Range(ranges[0]) is not { } old || Range(ranges[1]) is not { } young) return null;
        return new()
        {
            OldStart = old.Start,
            OldCount = old.Count,
            NewStart = young.Start,
            NewCount = young.Count,
            Section = GitText.Cut(line[(end + 3)..].Trim(), Math.Min(maxLineChars, 120)),
        };
    }

    private static (int Start, int Count)? Range(string range)
    {
        var parts = range[1..].Split(',');
        if (!int.TryParse(parts[0], CultureInfo.InvariantCulture, out var start)) return null;
        if (parts.Length == 1) return (start, 1);
        return int.TryParse(parts[1], CultureInfo.InvariantCulture, out var count) ? (start, count) : null;
    }
}
