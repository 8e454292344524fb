namespace Baton.Jq;

internal enum TokenKind
{
    End,
    Identifier,   // also with module prefixes: a::b
    Keyword,
    Field,        // .name
    Variable,     // $name
    Location,     // $__loc__
    Number,
    Format,       // @name
    Quote,        // the opening quote of a string; the parser reads on from there
    Operator,
}

/// <summary>A token with its place in the source. <see cref="Text"/> leaves out the sigil of fields, variables and formats.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Text)
{
    public bool Is(string symbol) => Kind is TokenKind.Operator or TokenKind.Keyword && Text == symbol;
}
