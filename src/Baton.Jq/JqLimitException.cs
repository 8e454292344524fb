namespace Baton.Jq;

/// <summary>A run used up what its <see cref="JqLimits"/> allow.</summary>
public sealed class JqLimitException : Exception
{
    internal JqLimitException(string limit, string allowed, string source, int position)
        : base($"The program needs more than {allowed}{Place(source, position)}. The limit is {nameof(JqLimits)}.{limit}.")
    {
        Limit = limit;
        Position = position;
    }

    /// <summary>The member of <see cref="JqLimits"/> that was reached.</summary>
    public string Limit { get; }

    /// <summary>Near which term of the source the program was, in UTF-16 units from 0; -1 when unknown.</summary>
    public int Position { get; }

    private static string Place(string source, int position)
    {
        if (position < 0) return "";
        var (line, column) = JqSyntaxException.Locate(source, position);
        return $" (near line {line}, column {column})";
    }
}
