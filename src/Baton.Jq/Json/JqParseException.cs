namespace Baton.Jq;

/// <summary>A text is not the JSON that was asked for.</summary>
public sealed class JqParseException : FormatException
{
    internal JqParseException(string reason, int offset, int line, int column, string? pointer = null)
        : base($"{reason} at line {line}, column {column} (byte {offset}){(pointer is null ? "" : $", at \"{pointer}\"")}.")
    {
        Reason = reason;
        Offset = offset;
        Line = line;
        Column = column;
        Pointer = pointer;
    }

    /// <summary>What is wrong, without the position.</summary>
    public string Reason { get; }

    /// <summary>Position of the error in UTF-8 bytes, from 0.</summary>
    public int Offset { get; }

    /// <summary>Line of the error, from 1.</summary>
    public int Line { get; }

    /// <summary>Column of the error in UTF-8 bytes, from 1.</summary>
    public int Column { get; }

    /// <summary>For a duplicate key: its JSON pointer (RFC 6901); otherwise null.</summary>
    public string? Pointer { get; }
}
