using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>What a range changes, as a reviewer sees it: the difference between the merge base and head.</summary>
internal sealed record ChangeSet
{
    public required string Repo { get; init; }
    public required Revision Base { get; init; }
    public required Revision Head { get; init; }

    /// <summary>The commit at which the two lines parted; the diff starts here and not at base, so what base gained since does not show as removed.</summary>
    public required string MergeBase { get; init; }

    /// <summary>Reachable from head and not from base; oldest first.</summary>
    public required ImmutableArray<Commit> Commits { get; init; }

    public required ImmutableArray<ChangedFile> Files { get; init; }
    public required ImmutableArray<ChangedName> Names { get; init; }
    public required ImmutableArray<TouchedTest> Tests { get; init; }
    public required ImmutableArray<DirectoryChurn> Directories { get; init; }
    public required ChangeTotals Totals { get; init; }

    /// <summary>What was left out, cut or assumed.</summary>
    public required ImmutableArray<Note> Notes { get; init; }
}

/// <summary>A thing the reader must know to judge the numbers.</summary>
/// <param name="Code">Stable, snake_case.</param>
/// <param name="Message">A sentence.</param>
internal sealed record Note(string Code, string Message);

/// <param name="Name">As it was asked for.</param>
/// <param name="Sha">What it meant at that time.</param>
internal sealed record Revision(string Name, string Sha);

/// <param name="Sha">Full object id.</param>
/// <param name="Author">The name only; an address is not needed to judge a change.</param>
/// <param name="Date">When it was authored.</param>
/// <param name="Subject">First paragraph of the message, on one line, at most 300 characters.</param>
/// <param name="Body">The rest, at most 2,000 characters.</param>
/// <param name="IsMerge">It has more than one parent.</param>
internal sealed record Commit(string Sha, string Author, DateTimeOffset Date, string Subject, string Body, bool IsMerge);

[JsonConverter(typeof(SnakeCaseEnum<FileStatus>))]
internal enum FileStatus
{
    Added,
    Modified,
    Deleted,
    Renamed,
    TypeChanged,
}

[JsonConverter(typeof(SnakeCaseEnum<FileKind>))]
internal enum FileKind
{
    Code,
    Test,
    Docs,
    Config,

    /// <summary>Written by a tool or by others: lock files, minified scripts, vendored folders. Listed, but its lines are not evidence.</summary>
    Generated,
    Binary,
    Submodule,
    Other,
}

internal sealed record ChangedFile
{
    public required string Path { get; init; }

    /// <summary>Only of a rename.</summary>
    public string? OldPath { get; init; }

    public required FileStatus Status { get; init; }

    /// <summary>Of a rename, in percent.</summary>
    public int? Similarity { get; init; }

    public required FileKind Kind { get; init; }
    public string? Language { get; init; }
    public required int Added { get; init; }
    public required int Deleted { get; init; }

    /// <summary>Object ids of the contents; of a submodule, its commits. Absent where there is no such side.</summary>
    public string? OldBlob { get; init; }

    public string? NewBlob { get; init; }

    /// <summary>The commits of the range that touched it, oldest first.</summary>
    public required ImmutableArray<string> Commits { get; init; }

    public required ImmutableArray<Hunk> Hunks { get; init; }

    /// <summary>Lines are missing from <see cref="Hunks"/>; a note says why.</summary>
    public required bool IsTruncated { get; init; }
}

internal sealed record Hunk
{
    public required int OldStart { get; init; }
    public required int OldCount { get; init; }
    public required int NewStart { get; init; }
    public required int NewCount { get; init; }

    /// <summary>The enclosing declaration, as git guesses it.</summary>
    public required string Section { get; init; }

    /// <summary>As in a patch: each begins with '+', '-' or a space.</summary>
    public required ImmutableArray<string> Lines { get; init; }

    /// <summary>The commits that wrote these lines, the one with most of them first.</summary>
    public required ImmutableArray<string> Commits { get; init; }
}

[JsonConverter(typeof(SnakeCaseEnum<TestChange>))]
internal enum TestChange
{
    Added,
    Changed,
    Removed,
}

/// <param name="File">Path at head, or at the merge base if the test is gone.</param>
/// <param name="Line">Where the test begins.</param>
/// <param name="Name">As declared.</param>
/// <param name="Change">What the range did to it.</param>
internal sealed record TouchedTest(string File, int Line, string Name, TestChange Change);

internal sealed record DirectoryChurn(string Directory, int Files, int Added, int Deleted);

/// <param name="Commits">In the range, also those beyond the limit.</param>
/// <param name="Files">Changed, also those beyond the limit.</param>
/// <param name="Added">Lines, in all text files.</param>
/// <param name="Deleted">Lines, in all text files.</param>
/// <param name="ReviewableLines">Added and deleted lines of files a person wrote: generated and binary ones not counted.</param>
internal sealed record ChangeTotals(int Commits, int Files, int Added, int Deleted, int ReviewableLines);
