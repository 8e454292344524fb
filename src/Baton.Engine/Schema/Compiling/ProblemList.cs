using System.Collections.Immutable;

namespace Baton.Engine.Schema;

/// <summary>What is wrong with a schema, as far as found: at most so many problems.</summary>
internal sealed class ProblemList(int limit)
{
    private readonly List<SchemaProblem> problems = [];

    public bool IsEmpty => problems.Count == 0;

    public bool IsFull => problems.Count >= limit;

    /// <param name="text">What is wrong and what would be right: the sentence goes on after the place's pointer.</param>
    public void Add(SchemaLocation place, string text)
    {
        if (!IsFull) problems.Add(new SchemaProblem(place, text));
    }

    public ImmutableArray<SchemaProblem> ToImmutable() => [.. problems];
}
