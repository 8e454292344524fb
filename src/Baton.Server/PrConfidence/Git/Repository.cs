using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>A repository on this machine, opened: its folder is known to be one that git reads.</summary>
internal sealed class Repository
{
    private readonly Git git;

    private Repository(Git git, string folder, bool isShallow, TimeSpan timeout)
    {
        this.git = git;
        Folder = folder;
        IsShallow = isShallow;
        Timeout = timeout;
    }

    public string Folder { get; }

    public bool IsShallow { get; }

    /// <summary>The limit of each single git command.</summary>
    public TimeSpan Timeout { get; }

    public static async Task<Asked<Repository>> OpenAsync(Git git, string path, TimeSpan timeout, CancellationToken cancel)
    {
        if (File.Exists(path)) return new GitError.NotARepository(path);
        if (!Directory.Exists(path)) return new GitError.FolderMissing(path);
        var folder = Path.GetFullPath(path);
        var outcome = await git.RunAsync(new(folder, ["rev-parse", "--is-shallow-repository", "--git-dir"]) { Timeout = timeout }, cancel);
        if (outcome is GitOutcome.Ran { ExitCode: 0 } ran)
            return new Repository(git, folder, ran.Text.StartsWith("true", StringComparison.Ordinal), timeout);
        if (outcome is not GitOutcome.Ran failed) return GitError.Of(outcome, "rev-parse");
        if (failed.Errors.Contains("dubious ownership", StringComparison.Ordinal)) return new GitError.OwnedByAnother(folder);
        if (failed.Errors.Contains("not a git repository", StringComparison.Ordinal)) return new GitError.NotARepository(folder);
        return GitError.Of(outcome, "rev-parse");
    }

    /// <summary>Runs a command that must succeed.</summary>
    public async Task<Asked<GitOutcome.Ran>> AskAsync(ImmutableArray<string> arguments, int maxBytes, CancellationToken cancel,
        ReadOnlyMemory<byte> input = default) =>
        await RunAsync(arguments, maxBytes, input, cancel) is var outcome && outcome is GitOutcome.Ran { Succeeded: true } ran
            ? ran
            : GitError.Of(outcome, arguments[0]);

    /// <summary>Runs a command whose exit code is an answer.</summary>
    public Task<GitOutcome> RunAsync(ImmutableArray<string> arguments, int maxBytes, ReadOnlyMemory<byte> input, CancellationToken cancel) =>
        git.RunAsync(new(Folder, arguments) { MaxOutputBytes = maxBytes, Timeout = Timeout, Input = input }, cancel);
}

/// <summary>What was asked for, or the reason why there is none.</summary>
internal readonly struct Asked<T>
    where T : class
{
    private Asked(T? value, GitError? error) => (Value, Error) = (value, error);

    public T? Value { get; }

    public GitError? Error { get; }

    public bool Failed([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out GitError? error,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out T? value)
    {
        (error, value) = (Error, Value);
        return error is not null;
    }

    public static implicit operator Asked<T>(T value) => new(value, null);

    public static implicit operator Asked<T>(GitError error) => new(null, error);
}
