using System.Text;

namespace Baton.Jq;

internal sealed partial class Parser
{
    private Syntax Postfix()
    {
        var term = Term();
        while (true)
        {
            var position = token.Start;
            if (token.Kind == TokenKind.Field)
            {
                term = new IndexSyntax(position, term, Text(position, token.Text));
                Next();
            }
            else if (Accept("?"))
            {
                term = new TrySyntax(position, term, null);
            }
            else if (token.Is("["))
            {
                term = Bracket(term);
            }
            else if (Accept("."))
            {
                if (token.Is("[")) continue;
                term = new IndexSyntax(position, term, String("a field name, a string or '['"));
            }
            else
            {
                return term;
            }
        }
    }

    private Syntax Bracket(Syntax target)
    {
        var position = token.Start;
        Expect("[");
        if (Accept("]")) return new IterateSyntax(position, target);
        var from = token.Is(":") ? null : Pipe();
        if (from is not null && Accept("]")) return new IndexSyntax(position, target, from);
        Expect(":");
        var to = from is not null && token.Is("]") ? null : Pipe();
        Expect("]");
        return new SliceSyntax(position, target, from, to);
    }

    private Syntax Term()
    {
        var start = token;
        var position = start.Start;
        switch (start.Kind)
        {
            case TokenKind.Number:
                Next();
                return new LiteralSyntax(position, NumberText.Read(Encoding.ASCII.GetBytes(start.Text)));
            case TokenKind.Quote:
                return String("a string");
            case TokenKind.Format:
                Next();
                return token.Kind == TokenKind.Quote ? String("a string", start.Text) : new FormatSyntax(position, start.Text);
            case TokenKind.Field:
                Next();
                return new IndexSyntax(position, new IdentitySyntax(position), Text(position, start.Text));
            case TokenKind.Variable:
                Next();
                return new VariableSyntax(position, start.Text);
            case TokenKind.Location:
                Next();
                return Location(position);
            case TokenKind.Identifier:
                Next();
                return Call(start);
            default:
                return start.Text switch
                {
                    "." => Dot(),
                    ".." => Skip(new RecurseSyntax(position)),
                    "(" => Parenthesis(),
                    "[" => Array(),
                    "{" => Object(),
                    "if" => If(),
                    "try" => Try(),
                    "reduce" => Reduce(),
                    "foreach" => Foreach(),
                    "break" => Break(),
                    _ => throw Unexpected(null),
                };
        }
    }

    private Syntax Dot()
    {
        var position = token.Start;
        Next();
        Syntax identity = new IdentitySyntax(position);
        return token.Kind == TokenKind.Quote ? new IndexSyntax(position, identity, String("a string")) : identity;
    }

    private Syntax Skip(Syntax term)
    {
        Next();
        return term;
    }

    private Syntax Parenthesis()
    {
        Expect("(");
        var inner = Pipe();
        Expect(")");
        return inner;
    }

    private ArraySyntax Array()
    {
        var position = token.Start;
        Expect("[");
        if (Accept("]")) return new ArraySyntax(position, null);
        var body = Pipe();
        Expect("]");
        return new ArraySyntax(position, body);
    }

    private Syntax Call(Token name)
    {
        if (!token.Is("("))
        {
            return name.Text switch
            {
                "true" => new LiteralSyntax(name.Start, JqValue.True),
                "false" => new LiteralSyntax(name.Start, JqValue.False),
                "null" => new LiteralSyntax(name.Start, JqValue.Null),
                _ => new CallSyntax(name.Start, name.Text, []),
            };
        }
        Next();
        var arguments = new List<Syntax>();
        do arguments.Add(Pipe());
        while (Accept(";"));
        Expect(")");
        return new CallSyntax(name.Start, name.Text, arguments);
    }

    private IfSyntax If()
    {
        var position = token.Start;
        var branches = new List<(Syntax, Syntax)>();
        do
        {
            Next();   // if or elif
            var condition = Pipe();
            Expect("then");
            branches.Add((condition, Pipe()));
        }
        while (token.Is("elif"));
        var otherwise = Accept("else") ? Pipe() : null;
        Expect("end");
        return new IfSyntax(position, branches, otherwise);
    }

    private TrySyntax Try()
    {
        var position = token.Start;
        Next();
        var body = Operand();
        return new TrySyntax(position, body, Accept("catch") ? Operand() : null);
    }

    /// <summary>What <c>try</c> and <c>catch</c> apply to: a term with its postfixes, possibly negated.</summary>
    private Syntax Operand()
    {
        Enter();
        var position = token.Start;
        var operand = Accept("-") ? new NegateSyntax(position, Operand()) : Postfix();
        Leave();
        return operand;
    }

    private ReduceSyntax Reduce()
    {
        var position = token.Start;
        Next();
        var (source, patterns) = Loop();
        var start = Pipe();
        Expect(";");
        var update = Pipe();
        Expect(")");
        return new ReduceSyntax(position, source, patterns, start, update);
    }

    private ForeachSyntax Foreach()
    {
        var position = token.Start;
        Next();
        var (source, patterns) = Loop();
        var start = Pipe();
        Expect(";");
        var update = Pipe();
        var extract = Accept(";") ? Pipe() : null;
        Expect(")");
        return new ForeachSyntax(position, source, patterns, start, update, extract);
    }

    private (Syntax Source, IReadOnlyList<Pattern> Patterns) Loop()
    {
        var source = Expression(0);
        Expect("as");
        var patterns = Patterns();
        Expect("(");
        return (source, patterns);
    }

    private BreakSyntax Break()
    {
        var position = token.Start;
        Next();
        if (token.Kind != TokenKind.Variable) throw Error("break requires a label to break to", token);
        return new BreakSyntax(position, Take(TokenKind.Variable, "a label").Text);
    }

    private LiteralSyntax Location(int position) => new(position, JqValue.Object(
        ("file", "<top-level>"), ("line", JqSyntaxException.Locate(lexer.Source, position).Line)));

    private static LiteralSyntax Text(int position, string text) => new(position, text);

    private Syntax String(string wanted, string? format = null)
    {
        if (token.Kind != TokenKind.Quote) throw Unexpected(wanted);
        var position = token.Start;
        var texts = new List<string> { lexer.StringPart(position, out var interpolated) };
        var holes = new List<Syntax>();
        while (interpolated)
        {
            Next();
            holes.Add(Pipe());
            if (!token.Is(")")) throw Unexpected("')'");
            texts.Add(lexer.StringPart(position, out interpolated));
        }
        Next();
        return holes.Count == 0 ? Text(position, texts[0]) : new StringSyntax(position, format, texts, holes);
    }
}
