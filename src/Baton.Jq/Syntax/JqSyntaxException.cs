namespace Baton.Jq;

/// <summary>A text is not a jq program: the grammar, a name or a limit of the compiler stands against it.</summary>
public sealed class JqSyntaxException : FormatException
{
    private const int ExcerptWidth = 120;

    internal JqSyntaxException(string reason, string source, int offset, int length = 1)
        : this(reason, offset, Locate(source, offset), Excerpts(source, offset, length))
    {
    }

    private JqSyntaxException(string reason, int offset, (int Line, int Column) place, string excerpt)
        : base($"{reason} at line {place.Line}, column {place.Column}:\n{excerpt}")
    {
        Reason = reason;
        Offset = offset;
        (Line, Column) = place;
        Excerpt = excerpt;
    }

    /// <summary>What is wrong, without the position.</summary>
    public string Reason { get; }

    /// <summary>Position of the error in the source, in UTF-16 units from 0.</summary>
    public int Offset { get; }

    /// <summary>Line of the error, from 1.</summary>
    public int Line { get; }

    /// <summary>Column of the error in UTF-16 units, from 1.</summary>
    public int Column { get; }

    /// <summary>The line of the error, and below it carets under the place.</summary>
    public string Excerpt { get; }

    internal static (int Line, int Column) Locate(string source, int offset)
    {
        var before = source.AsSpan(0, offset);
        return (before.Count('\n') + 1, offset - before.LastIndexOf('\n'));
    }

    private static string Excerpts(string source, int offset, int length)
    {
        var start = offset == 0 ? 0 : source.LastIndexOf('\n', offset - 1) + 1;
        var end = source.IndexOf('\n', offset);
        if (end < 0) end = source.Length;
        // Of a very long line only the surroundings.
        if (offset - start > ExcerptWidth) start = offset - ExcerptWidth;
        if (end - offset > ExcerptWidth) end = offset + ExcerptWidth;
        var carets = Math.Clamp(length, 1, Math.Max(1, end - offset));
        return $"    {source[start..end]}\n    {new string(' ', offset - start)}{new string('^', carets)}";
    }
}
