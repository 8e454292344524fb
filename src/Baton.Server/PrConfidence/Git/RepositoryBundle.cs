namespace Baton.Server.PrConfidence;

internal abstract record UnpackResult
{
    private UnpackResult() { }

    public sealed record Unpacked(string Repo) : UnpackResult;

    public sealed record BundleMissing(string Path) : UnpackResult;

    public sealed record FolderTaken(string Path) : UnpackResult;

    public sealed record Failed(GitError Error) : UnpackResult;
}

/// <summary>Turns a Git bundle, a repository in one file, into a bare repository with the same branches and tags.</summary>
internal sealed class RepositoryBundle(TimeProvider time)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <param name="bundle">A file made by <c>git bundle create</c>.</param>
    /// <param name="folder">Where to put the repository; must not exist, or be empty.</param>
    /// <param name="cancel">Ends git.</param>
    public async Task<UnpackResult> UnpackAsync(string bundle, string folder, CancellationToken cancel)
    {
        if (!File.Exists(bundle)) return new UnpackResult.BundleMissing(bundle);
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder)
            .Any())) return new UnpackResult.FolderTaken(folder);
        Directory.CreateDirectory(folder);
        var command = new GitCommand(folder, ["clone", "--quiet", "--mirror", "--no-hardlinks", "--template=", "--", Path.GetFullPath(bundle), "."])
        {
            Timeout = Limit,
            AllowedProtocols = "file",
        };
        var outcome = await new Git(time).RunAsync(command, cancel);
        return outcome is GitOutcome.Ran { ExitCode: 0 } ? new UnpackResult.Unpacked(Path.GetFullPath(folder))
            : new UnpackResult.Failed(GitError.Of(outcome, "clone"));
    }
}
