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
/// <param name="Known">Why it is not expected to pass; null for a case that must.</param>
public sealed record CaseResult(string Name, bool Passed, string? Detail = null, string? Known = null)
{
    /// <summary>Whether it fails and nobody said that it would.</summary>
    public bool IsSurprise => !Passed && Known is null;

    /// <summary>Whether it passes although it stands in a list of cases that do not: strike it there.</summary>
    public bool IsStale => Passed && Known is not null;
}

/// <summary>Finds the data of the suites.</summary>
public static class ConformanceData
{
    /// <summary>The folder of this repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary><c>../shared/conformance</c> beside the repository that this program was built in; the folder may not exist.</summary>
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(Root, "..", "shared", "conformance"));

    /// <summary>What to tell a user when the data of a suite is not there.</summary>
    public static string Absent(string suite) => $"{suite} absent: there is no data for it in {Folder}. Put the suite's files there to run it.";

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Baton.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
