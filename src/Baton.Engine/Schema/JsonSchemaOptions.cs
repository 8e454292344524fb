namespace Baton.Engine.Schema;

/// <summary>How a schema is compiled and what a validation may cost. The defaults are safe for schemas and values of strangers.</summary>
/// <exception cref="ArgumentOutOfRangeException">A limit is set out of its range.</exception>
public sealed record JsonSchemaOptions
{
    /// <summary>The options used when none are given.</summary>
    public static JsonSchemaOptions Default { get; } = new();

    /// <summary>Whether <c>format</c> is checked. Default: no, as the specification has it; a metaschema may demand it for its schemas.</summary>
    public bool AssertFormats { get; init; }

    /// <summary>The schemas that references may lead to. Default: none.</summary>
    public SchemaRegistry Registry { get; init; } = SchemaRegistry.Empty;

    /// <summary>Most errors of one validation, and most problems of one schema. Default 100, at least 1.</summary>
    public int MaxErrors
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 100;

    /// <summary>
    /// Deepest nesting of schemas applied inside of schemas, references included. Default 1,000, from 1 to 10,000. A list that refers
    /// to itself takes two levels for each of its own. What the native stack cannot hold ends earlier.
    /// </summary>
    public int MaxDepth
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 10_000);
            field = value;
        }
    } = 1_000;

    /// <summary>
    /// Most steps of one validation; a step applies one schema to one value or compares one value. Default 10,000,000, which take less
    /// than a second; at least 1.
    /// </summary>
    public long MaxSteps
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, 1);
            field = value;
        }
    } = 10_000_000;

    /// <summary>Longest time that one validation may spend on matching patterns. Default 1 s, from 1 ms to 1 minute.</summary>
    public TimeSpan PatternBudget
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMinutes(1));
            field = value;
        }
    } = TimeSpan.FromSeconds(1);
}
