namespace Baton.Jq;

/// <summary>What <see cref="JqValue.Parse(ReadOnlySpan{byte}, JqParseOptions?)"/> accepts.</summary>
public sealed record JqParseOptions
{
    /// <summary>The options used when none are given.</summary>
    public static JqParseOptions Default { get; } = new();

    /// <summary>Deepest nesting of arrays and objects. Default 256, at least 0 (scalars only).</summary>
    public int MaxDepth { get; init; } = 256;

    /// <summary>Longest text in UTF-8 bytes. Default: no limit.</summary>
    public int MaxLength { get; init; } = int.MaxValue;

    /// <summary>Whether a key that occurs twice in an object is an error. Default: the last value wins, at the place of the first.</summary>
    public bool RejectDuplicateKeys { get; init; }
}
