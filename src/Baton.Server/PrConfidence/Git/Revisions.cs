using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Names of revisions turned into commit ids, once; everything after works on the ids alone.</summary>
internal static class Revisions
{
    private const int MaxRefBytes = 1 << 20;
    private static readonly Regex ObjectId = new("^[0-9a-f]{40}([0-9a-f]{24})?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    public static async Task<Asked<string>> ResolveAsync(Repository repository, string revision, CancellationToken cancel)
    {
        if (RefusalOf(revision) is { } reason) return new GitError.RevisionRefused(revision, reason);
        var outcome = await repository.RunAsync(["rev-parse", "--verify", "--quiet", "--end-of-options", revision + "^{commit}"], 4096, default, cancel);
        if (outcome is not GitOutcome.Ran ran) return GitError.Of(outcome, "rev-parse");
        var id = ran.Text.Trim();
        // The form is checked because rev-parse also answers what is no single commit, such as "^main".
        if (ran.ExitCode == 0 && ObjectId.IsMatch(id)) return id;
        return new GitError.UnknownRevision(revision, repository.Folder, await SuggestAsync(repository, revision, cancel));
    }

    public static bool IsObjectId(string text) => ObjectId.IsMatch(text);

    private static string? RefusalOf(string revision)
    {
        if (revision.Length == 0) return "it is empty";
        if (revision.Length > 1000) return "it is longer than 1000 characters";
        if (revision[0] == '-') return "it begins with '-', as an option of git would";
        if (revision[0] == '^') return "it begins with '^', which excludes commits rather than naming one";
        if (revision.Any(char.IsControl)) return "it contains a control character";
        if (revision.Contains("..", StringComparison.Ordinal)) return "it names a range where one commit is needed";
        return null;
    }

    /// <summary>The branch or tag whose name is nearest, if one is near: a typing error, a missing remote name or other case.</summary>
    private static async Task<string?> SuggestAsync(Repository repository, string revision, CancellationToken cancel)
    {
        var asked = await repository.AskAsync(
            ["for-each-ref", "--count=5000", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"], MaxRefBytes, cancel);
        if (asked.Value is not { } ran) return null;
        var best = (Name: (string?)null, Distance: int.MaxValue);
        foreach (var name in ran.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal))
        {
            var local = name.IndexOf('/', StringComparison.Ordinal) is var slash and >= 0 ? name[(slash + 1)..] : name;
            var distance = Math.Min(EditDistance(revision, name), EditDistance(revision, local));
            if (distance < best.Distance) best = (name, distance);
        }
        return best.Distance <= Math.Max(1, revision.Length / 3) ? best.Name : null;
    }

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours, ignoring case (optimal string alignment).</summary>
    internal static int EditDistance(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 64) return int.MaxValue / 2;
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (var j = 0; j <= b.Length; j++) d[0, j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var same = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + same);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1])) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];

        static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
    }
}
