using System.Text.RegularExpressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>A jq program of a document, compiled once, with the runtime arguments that it reads.</summary>
internal sealed partial class Expression
{
    private readonly JqProgram program;
    private readonly string[] arguments;

    private Expression(JqProgram program, string[] arguments)
    {
        this.program = program;
        this.arguments = arguments;
    }

    public string Source => program.Source;

    /// <summary>Compiles a program that may read the given variables.</summary>
    /// <param name="source">jq, with or without <c>${ }</c> around it.</param>
    public static Expression Compile(string source, VariableNames variables)
    {
        var text = Unwrap(source);
        var used = Variable().Matches(text).Select(match => match.Groups["name"].Value).Distinct(StringComparer.Ordinal).Where(variables.Contains).ToArray();
        var compiled = JqProgram.Compile(text, used);
        if (variables.Secrets is { } listed && used.Contains("secrets", StringComparer.Ordinal))
        {
            foreach (Match read in SecretRead().Matches(text))
            {
                if (read.Groups["name"] is { Success: true, Value: var name } && !listed.Contains(name)) throw new UnknownSecretException(name);
            }
        }
        return new Expression(compiled, used);
    }

    /// <summary>The first output, or null when there is none.</summary>
    /// <exception cref="WorkflowException">The program failed: an error of type expression at <paramref name="pointer"/>.</exception>
    public JqValue Evaluate(JqValue input, Scope scope, string pointer)
    {
        var values = arguments.Length == 0 ? [] : new JqValue[arguments.Length];
        for (var i = 0; i < arguments.Length; i++) values[i] = scope.Find(arguments[i]);
        try
        {
            return program.TryRunSingle(input, out var output, values, scope.Options) ? output : JqValue.Null;
        }
        catch (JqException e)
        {
            throw Failed(e.Message, pointer, e);
        }
        catch (JqLimitException e)
        {
            throw Failed(e.Message, pointer, e);
        }
    }

    /// <summary>What a person wrote, without <c>${ }</c>.</summary>
    public static string Unwrap(string source)
    {
        var text = source.Trim();
        return text.StartsWith("${", StringComparison.Ordinal) && text.EndsWith('}') ? text[2..^1].Trim() : text;
    }

    private WorkflowException Failed(string message, string pointer, Exception e) =>
        new(new WorkflowError(ErrorTypes.Expression, 400, "Expression Error", $"'{(Source.Length > 200 ? Source[..200] + "…" : Source)}': {message}", pointer), ErrorClass.DataValidation, e);

    /// <summary>A secret read by name; texts without an interpolation are passed over.</summary>
    [GeneratedRegex("""
        "(?:[^"\\]|\\[^(])*"|\$secrets\s*\.\s*(?<name>[a-zA-Z_]\w*)|\$secrets\s*\.?\s*\[\s*"(?<name>[^"\\]*)"\s*\]
        """, RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex SecretRead();

    [GeneratedRegex(@"\$(?<name>[a-zA-Z_][a-zA-Z0-9_]*)", RegexOptions.NonBacktracking)]
    private static partial Regex Variable();
}

/// <summary>An expression reads a secret that the document does not list: it would find nothing, and send it.</summary>
internal sealed class UnknownSecretException(string name) : FormatException($"The secret '{name}' is not listed under use.secrets.")
{
    public string Name => name;
}
