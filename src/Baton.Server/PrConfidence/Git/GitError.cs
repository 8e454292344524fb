using System.Globalization;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>Why a repository could not be read. The message names what is wrong and what to do about it.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "error")]
[JsonDerivedType(typeof(FolderMissing), "folder_missing")]
[JsonDerivedType(typeof(NotARepository), "not_a_repository")]
[JsonDerivedType(typeof(NoSuchDocs), "no_such_docs")]
[JsonDerivedType(typeof(OwnedByAnother), "owned_by_another")]
[JsonDerivedType(typeof(RevisionRefused), "revision_refused")]
[JsonDerivedType(typeof(UnknownRevision), "unknown_revision")]
[JsonDerivedType(typeof(NoCommonAncestor), "no_common_ancestor")]
[JsonDerivedType(typeof(ContentsMissing), "contents_missing")]
[JsonDerivedType(typeof(NotInstalled), "git_not_installed")]
[JsonDerivedType(typeof(TimedOut), "git_timed_out")]
[JsonDerivedType(typeof(Failed), "git_failed")]
internal abstract record GitError
{
    private GitError() { }

    public abstract string Message { get; }

    public sealed record FolderMissing(string Path) : GitError
    {
        public override string Message => $"the folder {Path} does not exist; give the path of a Git repository";
    }

    public sealed record NotARepository(string Path) : GitError
    {
        public override string Message => $"{Path} is not a Git repository; give the folder that holds .git, or a bare repository";
    }

    public sealed record NoSuchDocs(string Folder) : GitError
    {
        public override string Message => System.IO.Path.IsPathRooted(Folder)
            ? $"the folder of documents {Folder} does not exist; give a folder on this machine, or one of the repository, relative to its root"
            : $"the repository has no files in the folder {Folder} at head; give it relative to the repository's root, or give an absolute path";
    }

    public sealed record OwnedByAnother(string Path) : GitError
    {
        public override string Message => $"git refuses {Path} because another user owns it; if you trust it, "
            + $"run: git config --global --add safe.directory {Path}";
    }

    public sealed record RevisionRefused(string Revision, string Reason) : GitError
    {
        public override string Message => $"revision '{Revision}' is refused: {Reason}; give a branch, a tag or a commit id";
    }

    public sealed record UnknownRevision(string Revision, string Path, string? Suggestion) : GitError
    {
        public override string Message => $"revision '{Revision}' does not exist in {Path}"
            + (Suggestion is null ? "; fetch it, or give a branch, a tag or a commit id" : $"; did you mean '{Suggestion}'?");
    }

    public sealed record NoCommonAncestor(string Base, string Head, bool IsShallow) : GitError
    {
        public override string Message => $"'{Base}' and '{Head}' have no common ancestor"
            + (IsShallow ? " in this shallow clone; fetch more history: git fetch --unshallow"
                : "; they belong to unrelated histories, so choose another base");
    }

    public sealed record ContentsMissing(string Command) : GitError
    {
        public override string Message => $"git {Command} needs contents that this partial clone does not have, and an analysis fetches nothing; make a full clone";
    }

    public sealed record NotInstalled(string Executable) : GitError
    {
        public override string Message => $"the program '{Executable}' was not found; install git and make sure that it is on the PATH";
    }

    public sealed record TimedOut(string Command, double AfterSeconds) : GitError
    {
        public override string Message => string.Create(CultureInfo.InvariantCulture,
            $"git {Command} did not end within {AfterSeconds:0.###} s; narrow the range or raise the time limit");
    }

    public sealed record Failed(string Command, int ExitCode, string Errors) : GitError
    {
        public override string Message => $"git {Command} ended with code {ExitCode}: {(Errors.Length == 0 ? "no message" : Errors)}";
    }

    /// <summary>The error in an outcome that is not a success.</summary>
    internal static GitError Of(GitOutcome outcome, string command) => outcome switch
    {
        GitOutcome.TimedOut timedOut => new TimedOut(command, timedOut.After.TotalSeconds),
        GitOutcome.NotInstalled missing => new NotInstalled(missing.Executable),
        GitOutcome.Ran ran when ran.Errors.Contains("promisor remote", StringComparison.Ordinal) => new ContentsMissing(command),
        GitOutcome.Ran ran => new Failed(command, ran.ExitCode, Bounded(ran.Errors)),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Bounded(string errors) => errors.Length <= 500 ? errors : errors[..500] + "...";
}
