namespace Baton.Jq;

internal sealed partial class Parser
{
    private ObjectSyntax Object()
    {
        var position = token.Start;
        Expect("{");
        var members = new List<(Syntax, Syntax)>();
        while (!token.Is("}"))
        {
            members.Add(Member());
            if (!Accept(",")) break;
        }
        Expect("}");
        return new ObjectSyntax(position, members);
    }

    private (Syntax Key, Syntax Value) Member()
    {
        var start = token;
        var position = start.Start;
        switch (start.Kind)
        {
            case TokenKind.Variable:
                Next();
                var variable = new VariableSyntax(position, start.Text);
                return Accept(":") ? (variable, Value()) : (Text(position, start.Text), variable);
            case TokenKind.Location:
                Next();
                return (Text(position, start.Text), Location(position));
            case TokenKind.Number:
                throw Error($"Cannot use number ({start.Text}) as object key", start);
        }
        if (PlainKey() is { } plain) return Accept(":") ? (plain, Value()) : (plain, new IndexSyntax(position, new IdentitySyntax(position), plain));
        var key = ParenthesizedKey();
        Expect(":");
        return (key, Value());
    }

    private Syntax Value() => Pipe(commas: false);

    /// <summary>A name, or a text with or without a format; null where something else stands.</summary>
    private Syntax? PlainKey()
    {
        var start = token;
        switch (start.Kind)
        {
            case TokenKind.Identifier or TokenKind.Keyword:
                Next();
                return Text(start.Start, start.Text);
            case TokenKind.Quote:
                return String("a string");
            case TokenKind.Format:
                Next();
                return String("a string", start.Text);
            default:
                return null;
        }
    }

    private Syntax ParenthesizedKey()
    {
        if (!token.Is("(")) throw Unexpected("a key or '}'");
        Next();
        var start = token;
        var key = Pipe();
        if (key is LiteralSyntax { Value: { IsString: false } value })
        {
            throw Error($"Cannot use {value.Kind.Name()} ({Describe.Text(value)}) as object key", start);
        }
        Expect(")");
        return key;
    }

    private List<Pattern> Patterns()
    {
        var patterns = new List<Pattern>();
        do patterns.Add(Pattern());
        while (Accept("?//"));
        return patterns;
    }

    private Pattern Pattern()
    {
        Enter();
        var start = token;
        Pattern pattern;
        if (start.Kind == TokenKind.Variable)
        {
            Next();
            pattern = new VariablePattern(start.Start, start.Text);
        }
        else if (Accept("["))
        {
            var elements = new List<Pattern>();
            do elements.Add(Pattern());
            while (Accept(","));
            Expect("]");
            pattern = new ArrayPattern(start.Start, elements);
        }
        else if (Accept("{"))
        {
            var members = new List<(string?, Syntax, Pattern?)>();
            do members.Add(MemberPattern());
            while (Accept(","));
            Expect("}");
            pattern = new ObjectPattern(start.Start, members);
        }
        else
        {
            throw Unexpected("a variable, '[' or '{'");
        }
        Leave();
        return pattern;
    }

    private (string? Variable, Syntax Key, Pattern? Value) MemberPattern()
    {
        var start = token;
        if (start.Kind == TokenKind.Variable)
        {
            Next();
            return (start.Text, Text(start.Start, start.Text), Accept(":") ? Pattern() : null);
        }
        var key = PlainKey() ?? ParenthesizedKey();
        Expect(":");
        return (null, key, Pattern());
    }

    private Definition Definition()
    {
        var position = token.Start;
        Expect("def");
        var start = token;
        if (start.Kind != TokenKind.Identifier) throw Unexpected("a function name");
        Next();
        var parameters = new List<string>();
        if (Accept("("))
        {
            do
            {
                if (token.Kind is not (TokenKind.Identifier or TokenKind.Variable)) throw Unexpected("a parameter");
                parameters.Add(token.Kind == TokenKind.Variable ? "$" + token.Text : token.Text);
                Next();
            }
            while (Accept(";"));
            Expect(")");
        }
        Expect(":");
        var body = Pipe();
        Expect(";");
        return new Definition(position, start.Text, parameters, body);
    }

    /// <summary>Module metadata may stand at the start; modules themselves are refused.</summary>
    private void Directives()
    {
        if (token.Is("module"))
        {
            Next();
            Metadata();
            Expect(";");
        }
        if (!token.Is("import") && !token.Is("include")) return;
        var directive = token;
        Next();
        var path = token;
        if (String("the path of a module") is not LiteralSyntax) throw Error("Import path must be constant", path);
        if (directive.Text == "import")
        {
            Expect("as");
            if (token.Kind is not (TokenKind.Variable or TokenKind.Identifier)) throw Unexpected("a name");
            Next();
        }
        if (!token.Is(";")) Metadata();
        throw Error($"{directive.Text} is not supported: a program stands by itself, no modules are loaded", directive);
    }

    private void Metadata()
    {
        var start = token;
        var metadata = Pipe();
        if (!IsConstant(metadata)) throw Error("Module metadata must be constant", start);
        if (metadata is not ObjectSyntax) throw Error("Module metadata must be an object", start);
    }

    private static bool IsConstant(Syntax syntax) => syntax switch
    {
        LiteralSyntax => true,
        ArraySyntax array => array.Body is null || IsConstant(array.Body),
        CommaSyntax comma => comma.Parts.All(IsConstant),
        ObjectSyntax members => members.Members.All(member => IsConstant(member.Key) && IsConstant(member.Value)),
        _ => false,
    };
}
