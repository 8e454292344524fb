using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>How much of what was changed where.</summary>
internal static class Churn
{
    private const int MaxDirectories = 100;

    /// <summary>Most changed lines first.</summary>
    public static ImmutableArray<DirectoryChurn> ByDirectory(IEnumerable<ChangedFile> files) =>
    [
        .. files.GroupBy(file => DirectoryOf(file.Path), StringComparer.Ordinal)
            .Select(directory => new DirectoryChurn(directory.Key, directory.Count(), directory.Sum(file => file.Added), directory.Sum(file => file.Deleted)))
            .OrderByDescending(churn => churn.Added + churn.Deleted).ThenBy(churn => churn.Directory, StringComparer.Ordinal)
            .Take(MaxDirectories),
    ];

    public static ChangeTotals Totals(int commits, IReadOnlyCollection<RawFile> files) => new(
        commits,
        files.Count,
        files.Sum(file => file.Added),
        files.Sum(file => file.Deleted),
        files.Where(file => !file.IsSubmodule && FileKinds.Of(file.Path) != FileKind.Generated).Sum(file => file.Added + file.Deleted));

    private static string DirectoryOf(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[..slash] : ".";
}
