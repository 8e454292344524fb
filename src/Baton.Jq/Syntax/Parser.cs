using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>
/// The grammar of jq 1.8 by recursive descent, operators by precedence. Pipes, commas and definitions become lists, so that long
/// programs do not nest deeply.
/// </summary>
internal sealed partial class Parser
{
    private const int MaxNesting = 500;

    private readonly Lexer lexer;
    private Token token;
    private int depth;

    private Parser(string source)
    {
        lexer = new Lexer(source);
        token = lexer.Next();
    }

    /// <summary>Reads a whole program: optional module metadata, definitions, and a filter; without one the identity.</summary>
    public static Syntax ParseProgram(string source)
    {
        var parser = new Parser(source);
        parser.Directives();
        var program = parser.token.Kind == TokenKind.End ? new IdentitySyntax(0) : parser.Pipe(emptyBody: true);
        if (parser.token.Kind != TokenKind.End) throw parser.Unexpected("end of file");
        return program;
    }

    /// <summary>Reads one definition and nothing else.</summary>
    public static Definition ParseDefinition(string source) => new Parser(source).Definition();

    // pipe: definition* (label | expression "as" patterns | expression) ("|" pipe)?, with commas binding tighter than "|"
    private Syntax Pipe(bool commas = true, bool emptyBody = false)
    {
        Enter();
        var pipe = PipeInside(commas, emptyBody);
        Leave();
        return pipe;
    }

    private Syntax PipeInside(bool commas, bool emptyBody)
    {
        var position = token.Start;
        if (token.Is("def"))
        {
            var definitions = new List<Definition>();
            while (token.Is("def")) definitions.Add(Definition());
            var body = emptyBody && token.Kind == TokenKind.End ? new IdentitySyntax(token.Start) : Pipe(commas);
            return new DefinitionsSyntax(position, definitions, body);
        }
        var stages = new List<Syntax>();
        while (true)
        {
            var stage = Commas(commas, out var ended);
            stages.Add(stage);
            if (ended || !Accept("|")) break;
            if (token.Is("def"))
            {
                stages.Add(Pipe(commas));
                break;
            }
        }
        return stages.Count == 1 ? stages[0] : new PipeSyntax(position, stages);
    }

    /// <summary>Reads what stands between pipes.</summary>
    /// <param name="commas">Whether a comma separates outputs here, and not members of an object.</param>
    /// <param name="ended">Whether the last part took the rest of the pipe with it: a binding, a label or a definition does.</param>
    private Syntax Commas(bool commas, out bool ended)
    {
        var parts = new List<Syntax>();
        do
        {
            parts.Add(Part(commas, out ended));
        }
        while (!ended && commas && Accept(","));
        return parts.Count == 1 ? parts[0] : new CommaSyntax(parts[0].Position, parts);
    }

    private Syntax Part(bool commas, out bool ended)
    {
        var position = token.Start;
        ended = true;
        if (token.Is("def")) return Pipe(commas);
        if (Accept("label"))
        {
            var label = Take(TokenKind.Variable, "a label as $name").Text;
            Expect("|");
            return new LabelSyntax(position, label, Pipe(commas));
        }
        var expression = Expression(0);
        if (!token.Is("as"))
        {
            ended = false;
            return expression;
        }
        Next();
        var patterns = Patterns();
        Expect("|");
        return new BindSyntax(position, expression, patterns, Pipe(commas));
    }

    private Syntax Expression(int minimum)
    {
        var left = Prefix();
        while (true)
        {
            if (token.Is("?//"))
            {
                // As ".a? // 1" is meant when written ".a?//1"; jq itself refuses it.
                if (Precedence("//").Level < minimum) return left;
                left = new TrySyntax(left.Position, left, null);
                token = token with { Text = "//" };
            }
            if (token.Kind is not (TokenKind.Operator or TokenKind.Keyword)) return left;
            var (level, associativity) = Precedence(token.Text);
            if (level < minimum || level == 0) return left;
            var symbol = token;
            Next();
            var right = Expression(associativity == Associativity.Right ? level : level + 1);
            left = new BinarySyntax(symbol.Start, symbol.Text, left, right);
            if (associativity == Associativity.None && Precedence(token.Text).Level == level && token.Kind == TokenKind.Operator)
            {
                throw Unexpected(null);
            }
        }
    }

    private Syntax Prefix()
    {
        if (!token.Is("-")) return Postfix();
        Enter();
        var position = token.Start;
        Next();
        // Minus binds like the infix minus, so -1 * 2 is -(1 * 2).
        var operand = Expression(Precedence("*").Level);
        Leave();
        return new NegateSyntax(position, operand);
    }

    private enum Associativity
    {
        Left,
        Right,
        None,
    }

    private static (int Level, Associativity Associativity) Precedence(string symbol) => symbol switch
    {
        "//" => (1, Associativity.Right),
        "=" or "|=" or "+=" or "-=" or "*=" or "/=" or "%=" or "//=" => (2, Associativity.None),
        "or" => (3, Associativity.Left),
        "and" => (4, Associativity.Left),
        "==" or "!=" or "<" or ">" or "<=" or ">=" => (5, Associativity.None),
        "+" or "-" => (6, Associativity.Left),
        "*" or "/" or "%" => (7, Associativity.Left),
        _ => (0, Associativity.Left),
    };

    private void Enter()
    {
        if (++depth > MaxNesting || !RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Error("The program nests too deeply", token);
    }

    private void Leave() => depth--;

    private void Next() => token = lexer.Next();

    private bool Accept(string symbol)
    {
        if (!token.Is(symbol)) return false;
        Next();
        return true;
    }

    private void Expect(string symbol)
    {
        if (!Accept(symbol)) throw Unexpected($"'{symbol}'");
    }

    private Token Take(TokenKind kind, string wanted)
    {
        var taken = token;
        if (taken.Kind != kind) throw Unexpected(wanted);
        Next();
        return taken;
    }

    private JqSyntaxException Unexpected(string? wanted)
    {
        var found = token.Kind switch
        {
            TokenKind.End => "end of file",
            TokenKind.Quote => "a string",
            _ => $"'{lexer.Source[token.Start..token.End]}'",
        };
        return Error($"syntax error, unexpected {found}{(wanted is null ? "" : $", expecting {wanted}")}", token);
    }

    private JqSyntaxException Error(string reason, Token place) => new(reason, lexer.Source, place.Start, place.End - place.Start);
}
