using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>What the parser of a document knows at any place: who hosts it, what it may refer to, and what was found wrong so far.</summary>
internal sealed class ParseContext(IWorkflowEffects? host, IReadOnlyDictionary<string, int> lines)
{
    /// <summary>Beyond this, further problems are no help.</summary>
    private const int MaxProblems = 50;

    private readonly List<DslProblem> problems = [];

    /// <summary>Null is given only where nothing that needs a host may stand: in a server's file of policies.</summary>
    public IWorkflowEffects Host => host ?? throw new InvalidOperationException("There is no host here.");

    public IReadOnlyList<DslProblem> Problems => problems;

    /// <summary>In loose mode, any text that is a program is evaluated.</summary>
    public bool Loose { get; set; }

    /// <summary>How many maps stand around what is parsed.</summary>
    public int Maps { get; set; }

    /// <summary>The document's <c>use</c>, as data: what is referred to is parsed where it is used.</summary>
    public JqObject Use { get; set; } = JqObject.Empty;

    public void Add(string pointer, string rule, string mend)
    {
        if (problems.Count < MaxProblems && !problems.Exists(problem => problem.Pointer == pointer && problem.Rule == rule)) problems.Add(new DslProblem(pointer, rule, mend, LineOf(pointer)));
    }

    public bool HasProblemAt(string pointer) => problems.Exists(problem => problem.Pointer == pointer);

    /// <summary>The members of a section of <c>use</c>, such as <c>retries</c>.</summary>
    public JqObject Reusable(string section) => Use.TryGetValue(section, out var value) && value.TryGetObject(out var members) ? members : JqObject.Empty;

    /// <summary>Compiles an expression; a fault is noted and null returned.</summary>
    public Expression? Compile(string source, string pointer, VariableNames variables)
    {
        try
        {
            return Expression.Compile(source, variables);
        }
        catch (JqSyntaxException e)
        {
            Add(pointer, $"This is not a jq expression: {e.Reason} (column {e.Column} of `{Short(Expression.Unwrap(source))}`).", $"Mend the expression. Variables here: {variables}.");
            return null;
        }
        catch (UnknownSecretException e)
        {
            AddUnknownSecret(e, pointer, variables);
            return null;
        }
    }

    /// <summary>Compiles a value with expressions in it; a fault is noted and the value taken as it stands.</summary>
    public Template CompileValue(JqValue value, string pointer, VariableNames variables)
    {
        try
        {
            return Template.Compile(value, variables, Loose);
        }
        catch (JqSyntaxException e)
        {
            Add(pointer, $"An expression in this value is not jq: {e.Message.ReplaceLineEndings(" ")}", $"Mend what stands between ${{ and }}; write $${{ for a literal ${{. Variables here: {variables}.");
            return Template.Of(value);
        }
        catch (UnknownSecretException e)
        {
            AddUnknownSecret(e, pointer, variables);
            return Template.Of(value);
        }
        catch (UnclosedExpressionException e)
        {
            Add(pointer, $"The expression `{Short(e.Rest)}` is not closed.", "Close it with }, with as many ) and } before it as it opens; write $${ for a literal ${.");
            return Template.Of(value);
        }
    }

    private void AddUnknownSecret(UnknownSecretException e, string pointer, VariableNames variables) =>
        Add(pointer, e.Message, variables.Secrets is { IsEmpty: false } listed ? Nearest.Hint(e.Name, listed) : $"Add it: use: {{ secrets: [{e.Name}] }}.");

    /// <summary>Compiles what must give a text. Numbers and booleans will do: in YAML, the quotes are easily forgotten.</summary>
    public Template CompileText(JqValue value, string pointer, VariableNames variables)
    {
        if (value.IsArray || value.IsObject) Add(pointer, $"'{Name(pointer)}' is a text, not {ObjectReader.Describe(value)}.", "Write a text, or an expression that gives one.");
        return CompileValue(value, pointer, variables);
    }

    /// <summary>Compiles what must give an object.</summary>
    public Template CompileObject(JqValue value, string pointer, VariableNames variables)
    {
        var template = CompileValue(value, pointer, variables);
        if (!value.IsObject && template.Constant is not null) Add(pointer, $"'{Name(pointer)}' is an object, not {ObjectReader.Describe(value)}.", "Write name and value pairs, or an expression that gives an object.");
        return template;
    }

    private static string Name(string pointer) => pointer[(pointer.LastIndexOf('/') + 1)..];

    /// <summary>The line of the nearest value around a pointer: what is missing has none of its own.</summary>
    private int LineOf(string pointer)
    {
        for (var at = pointer; ; at = at[..at.LastIndexOf('/')])
        {
            if (lines.TryGetValue(at, out var line)) return line;
            if (at.Length == 0) return 0;
        }
    }

    private static string Short(string text) => text.Length > 120 ? text[..120] + "…" : text;
}
