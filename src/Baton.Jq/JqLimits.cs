namespace Baton.Jq;

/// <summary>What one run of a program may use up. Reaching a limit ends the run with a <see cref="JqLimitException"/>; <c>try</c> does not catch it.</summary>
/// <remarks>
/// A step is 10 to 100 ns of work: an instruction, an element visited, 4 elements or 32 characters copied. Memory is bounded by the same
/// budget, because what is copied is charged before it is allocated, a step for 64 bytes: the default of ten million steps allows for some
/// 600 MB at the very most, and ordinary programs stay far below.
/// </remarks>
/// <param name="Steps">Units of work. Default 10,000,000.</param>
/// <param name="Depth">Calls that wait for another one, and alternatives that wait for their turn. Default 100,000.</param>
/// <param name="Size">
/// Elements of one array or object, UTF-16 units of one string, and values that one output consists of, down to its leaves. Default
/// 10,000,000.
/// </param>
public sealed record JqLimits(long Steps = 10_000_000, int Depth = 100_000, int Size = 10_000_000)
{
    /// <summary>The limits used when none are given.</summary>
    public static JqLimits Default { get; } = new();

    /// <summary>
    /// Time that one run may spend in regular expressions that need backtracking (lookaround, back references, atomic groups); all others
    /// take time in proportion to their input. Default 1 s.
    /// </summary>
    public TimeSpan RegexTime { get; init; } = TimeSpan.FromSeconds(1);
}
