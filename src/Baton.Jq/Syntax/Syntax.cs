namespace Baton.Jq;

/// <summary>A piece of a program as it is written. <see cref="Position"/> is where an error in it is reported.</summary>
internal abstract record Syntax(int Position);

internal sealed record IdentitySyntax(int Position) : Syntax(Position);

/// <summary><c>..</c></summary>
internal sealed record RecurseSyntax(int Position) : Syntax(Position);

internal sealed record LiteralSyntax(int Position, JqValue Value) : Syntax(Position);

/// <summary>A string with interpolations: constant text alternates with what stands in <c>\( )</c>, text first and last.</summary>
internal sealed record StringSyntax(int Position, string? Format, IReadOnlyList<string> Texts, IReadOnlyList<Syntax> Holes) : Syntax(Position);

/// <summary><c>@name</c> by itself.</summary>
internal sealed record FormatSyntax(int Position, string Name) : Syntax(Position);

internal sealed record IndexSyntax(int Position, Syntax Target, Syntax Key) : Syntax(Position);

internal sealed record SliceSyntax(int Position, Syntax Target, Syntax? From, Syntax? To) : Syntax(Position);

/// <summary><c>target[]</c></summary>
internal sealed record IterateSyntax(int Position, Syntax Target) : Syntax(Position);

/// <summary><c>try body catch handler</c>; without a handler also <c>body?</c>.</summary>
internal sealed record TrySyntax(int Position, Syntax Body, Syntax? Handler) : Syntax(Position);

internal sealed record PipeSyntax(int Position, IReadOnlyList<Syntax> Parts) : Syntax(Position);

internal sealed record CommaSyntax(int Position, IReadOnlyList<Syntax> Parts) : Syntax(Position);

/// <summary>An infix operator; <see cref="Operator"/> is as written, also for assignments.</summary>
internal sealed record BinarySyntax(int Position, string Operator, Syntax Left, Syntax Right) : Syntax(Position);

internal sealed record NegateSyntax(int Position, Syntax Operand) : Syntax(Position);

/// <summary><c>if ... then ... elif ... else ... end</c>; without else the input passes.</summary>
internal sealed record IfSyntax(int Position, IReadOnlyList<(Syntax Condition, Syntax Then)> Branches, Syntax? Otherwise) : Syntax(Position);

internal sealed record ReduceSyntax(int Position, Syntax Source, IReadOnlyList<Pattern> Patterns, Syntax Start, Syntax Update) : Syntax(Position);

internal sealed record ForeachSyntax(
    int Position, Syntax Source, IReadOnlyList<Pattern> Patterns, Syntax Start, Syntax Update, Syntax? Extract) : Syntax(Position);

/// <summary><c>source as pattern ?// pattern | body</c></summary>
internal sealed record BindSyntax(int Position, Syntax Source, IReadOnlyList<Pattern> Patterns, Syntax Body) : Syntax(Position);

internal sealed record LabelSyntax(int Position, string Name, Syntax Body) : Syntax(Position);

internal sealed record BreakSyntax(int Position, string Name) : Syntax(Position);

/// <summary>Function definitions, each visible from itself on, and what follows them.</summary>
internal sealed record DefinitionsSyntax(int Position, IReadOnlyList<Definition> Definitions, Syntax Body) : Syntax(Position);

internal sealed record CallSyntax(int Position, string Name, IReadOnlyList<Syntax> Arguments) : Syntax(Position)
{
    public string Signature => $"{Name}/{Arguments.Count}";
}

internal sealed record VariableSyntax(int Position, string Name) : Syntax(Position);

/// <summary><c>[body]</c> or <c>[]</c>.</summary>
internal sealed record ArraySyntax(int Position, Syntax? Body) : Syntax(Position);

internal sealed record ObjectSyntax(int Position, IReadOnlyList<(Syntax Key, Syntax Value)> Members) : Syntax(Position);

/// <summary><c>def name(parameters): body;</c> A parameter that starts with <c>$</c> is also bound as a variable.</summary>
internal sealed record Definition(int Position, string Name, IReadOnlyList<string> Parameters, Syntax Body)
{
    public string Signature => $"{Name}/{Parameters.Count}";
}

/// <summary>What stands behind <c>as</c>.</summary>
internal abstract record Pattern(int Position);

internal sealed record VariablePattern(int Position, string Name) : Pattern(Position);

internal sealed record ArrayPattern(int Position, IReadOnlyList<Pattern> Elements) : Pattern(Position);

/// <summary>Members with a key each; <c>$name</c> binds the variable and looks up its name, <c>$name: pattern</c> goes on from there.</summary>
internal sealed record ObjectPattern(int Position, IReadOnlyList<(string? Variable, Syntax Key, Pattern? Value)> Members) : Pattern(Position);
