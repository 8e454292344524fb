using System.Collections.Immutable;

namespace Baton.Engine.Schema;

/// <summary>Something is wrong with a schema.</summary>
public sealed class SchemaProblem
{
    private readonly SchemaLocation location;
    private readonly string text;

    internal SchemaProblem(SchemaLocation location, string text)
    {
        this.location = location;
        this.text = text;
    }

    /// <summary>Where: a JSON pointer (RFC 6901) into the schema; for other documents after their URI and <c>#</c>.</summary>
    public string SchemaPointer => location.Pointer;

    /// <summary>A sentence for people: where, what is wrong, and what would be right.</summary>
    public string Message => $"{(location.Parent is null && location.Document.Length == 0 ? "The schema" : $"`{location}`")} {text}";

    /// <summary>The <see cref="Message"/>.</summary>
    public override string ToString() => Message;
}

/// <summary>A schema cannot be used as it stands. The message holds the first problems, <see cref="Problems"/> all of them.</summary>
public sealed class JsonSchemaException : FormatException
{
    private const int Shown = 5;

    internal JsonSchemaException(ImmutableArray<SchemaProblem> problems)
        : base($"The JSON Schema has {Wording.Count(problems.Length, "problem")}: {string.Join("; ", problems.Take(Shown))}{(problems.Length > Shown ? "; …" : "")}") =>
        Problems = problems;

    /// <summary>What is wrong; at least one problem, at most <see cref="JsonSchemaOptions.MaxErrors"/>.</summary>
    public ImmutableArray<SchemaProblem> Problems { get; }
}
