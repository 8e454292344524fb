using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Decides how much of a diff is kept: each file has a share, and all files have a sum.</summary>
internal sealed class HunkBudget(CollectLimits limits)
{
    private int left = limits.MaxKeptChars;

    /// <summary>The hunks that fit, whole lines only, and whether all did.</summary>
    public (ImmutableArray<Hunk> Hunks, bool IsCut) Keep(IEnumerable<PatchHunk> hunks, Func<IEnumerable<string>, ImmutableArray<string>> commitsOf)
    {
        var kept = ImmutableArray.CreateBuilder<Hunk>();
        var share = Math.Min(left, limits.MaxKeptCharsPerFile);
        foreach (var hunk in hunks)
        {
            var lines = ImmutableArray.CreateBuilder<string>();
            foreach (var line in hunk.Lines)
            {
                if (line.Length > share) break;
                share -= line.Length;
                left -= line.Length;
                lines.Add(line);
            }
            if (lines.Count > 0) kept.Add(HunkOf(hunk, lines.ToImmutable(), commitsOf(hunk.Lines)));
            if (lines.Count < hunk.Lines.Count) return (kept.ToImmutable(), true);
        }
        return (kept.ToImmutable(), false);
    }

    private static Hunk HunkOf(PatchHunk hunk, ImmutableArray<string> lines, ImmutableArray<string> commits) => new()
    {
        OldStart = hunk.OldStart,
        OldCount = lines.Count(line => line[0] != '+'),
        NewStart = hunk.NewStart,
        NewCount = lines.Count(line => line[0] != '-'),
        Section = hunk.Section,
        Lines = lines,
        Commits = commits,
    };
}
