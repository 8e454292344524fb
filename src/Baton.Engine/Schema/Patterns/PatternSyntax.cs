namespace Baton.Engine.Schema;

/// <summary>The syntax tree of a regular expression of ECMA-262: a closed set.</summary>
internal abstract record PatternSyntax
{
    private PatternSyntax()
    {
    }

    /// <summary>One character out of a set.</summary>
    public sealed record Character(CodePointSet Set) : PatternSyntax;

    public sealed record Sequence(IReadOnlyList<PatternSyntax> Parts) : PatternSyntax;

    public sealed record Choice(IReadOnlyList<PatternSyntax> Options) : PatternSyntax;

    /// <param name="Most">Null for no limit.</param>
    public sealed record Repeat(PatternSyntax Part, int Least, int? Most, bool IsLazy) : PatternSyntax;

    public sealed record Group(PatternSyntax Part, bool IsCapture) : PatternSyntax;

    public sealed record Look(PatternSyntax Part, bool IsAhead, bool IsNegative) : PatternSyntax;

    public sealed record Start : PatternSyntax;

    public sealed record End : PatternSyntax;

    public sealed record WordBoundary(bool IsNegative) : PatternSyntax;

    /// <summary>What a group captured, counted from 1; names are resolved to numbers at the end.</summary>
    public sealed record BackReference(int Number, string? Name) : PatternSyntax;
}

/// <summary>A pattern that was read.</summary>
/// <param name="Groups">The names of the captures in order, null for those without.</param>
/// <param name="Ranges">How many ranges of characters its sets hold: what it costs to compile.</param>
internal sealed record ParsedPattern(PatternSyntax Syntax, IReadOnlyList<string?> Groups, int Ranges);
