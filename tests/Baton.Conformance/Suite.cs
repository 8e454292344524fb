namespace Baton.Conformance;

/// <summary>A test suite that others wrote, read from a folder beside the repository.</summary>
public interface ISuite
{
    /// <summary>Short name, as printed.</summary>
    string Name { get; }

    /// <summary>Runs every case.</summary>
    /// <param name="data">The folder that holds the data of all suites.</param>
    /// <returns>The result of each case, in the order of the suite; null when its data is absent.</returns>
    IReadOnlyList<CaseResult>? Run(string data);
}

/// <summary>What became of one case.</summary>
/// <param name="Name">Identifies the case within its suite.</param>
/// <param name="Passed">Whether it passed.</param>
/// <param name="Detail">If not: expected and actual, or the error.</param>
public sealed record CaseResult(string Name, bool Passed, string? Detail = null);

/// <summary>Finds the data of the suites.</summary>
public static class ConformanceData
{
    /// <summary><c>../shared/conformance</c> beside the repository that this program was built in; the folder may not exist.</summary>
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(RepositoryRoot(), "..", "shared", "conformance"));

    private static string RepositoryRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Baton.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
