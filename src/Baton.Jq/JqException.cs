namespace Baton.Jq;

/// <summary>A program ended with an error that it did not catch.</summary>
public class JqException : Exception
{
    internal JqException(JqValue value, string source, int position, string? builtin)
        : base($"{Text(value)}{Place(source, position)}")
    {
        Value = value;
        Position = position;
        Builtin = builtin;
    }

    /// <summary>The error as <c>catch</c> would see it: usually a string, but <c>error</c> raises any value.</summary>
    public JqValue Value { get; }

    /// <summary>Where the failing term stands in the source, in UTF-16 units from 0; -1 when unknown.</summary>
    public int Position { get; }

    /// <summary>The builtin function that failed, as <c>name/arity</c>; null when an operator or access did.</summary>
    public string? Builtin { get; }

    private static string Text(JqValue value) => value.TryGetString(out var text) ? text : $"{value.ToJson()} (not a string)";

    private static string Place(string source, int position)
    {
        if (position < 0) return "";
        var (line, column) = JqSyntaxException.Locate(source, position);
        return $" (line {line}, column {column})";
    }
}

/// <summary>A program asked to stop with <c>halt</c> or <c>halt_error</c>; <c>try</c> does not catch it.</summary>
public sealed class JqHaltException : JqException
{
    internal JqHaltException(JqValue value, int exitCode, string source, int position, string builtin)
        : base(value, source, position, builtin) => ExitCode = exitCode;

    /// <summary>The exit code that jq would give: 0 for <c>halt</c>, 5 by default for <c>halt_error</c>.</summary>
    public int ExitCode { get; }
}
