using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

[JsonConverter(typeof(SnakeCaseEnum<NameKind>))]
internal enum NameKind
{
    Type,
    Function,
    Method,
    Constructor,
    Property,
    Constant,

    /// <summary>An option of a command line, with its dashes.</summary>
    Flag,

    /// <summary>A path of an HTTP endpoint.</summary>
    Route,

    /// <summary>A variable of the environment.</summary>
    Variable,

    /// <summary>A key of a configuration file, with its sections: "server.port".</summary>
    ConfigKey,

    /// <summary>A file of the repository that others may name by its path.</summary>
    File,
}

[JsonConverter(typeof(SnakeCaseEnum<NameChange>))]
internal enum NameChange
{
    Added,
    Removed,
    Renamed,

    /// <summary>Same name; another signature, default or statement.</summary>
    Altered,
}

/// <summary>A name that other files, users or documents may rely on, and what the range did to it.</summary>
internal sealed record ChangedName
{
    public required string Name { get; init; }

    /// <summary>The type it is a member of.</summary>
    public string? Container { get; init; }

    public required NameKind Kind { get; init; }
    public required NameChange Change { get; init; }
    public string? RenamedTo { get; init; }
    public required string Language { get; init; }

    /// <summary>Path and line at head; of a removed or renamed name, at the merge base.</summary>
    public required string File { get; init; }

    public required int Line { get; init; }
    public string? Before { get; init; }
    public string? After { get; init; }

    /// <summary>The commit of the range that did it, where that is known.</summary>
    public string? Commit { get; init; }

    /// <summary>"path:line" of another definition of the same simple name at head: then the name is not gone.</summary>
    public string? DefinedElsewhere { get; init; }

    /// <summary>"path:line" in code at head that still uses a removed name; at most five.</summary>
    public required ImmutableArray<string> StillUsedIn { get; init; }
}
