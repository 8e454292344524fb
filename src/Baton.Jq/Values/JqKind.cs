namespace Baton.Jq;

/// <summary>The kind of a <see cref="JqValue"/>; the numeric order is jq's sort order.</summary>
public enum JqKind : byte
{
    /// <summary>The value <c>null</c>.</summary>
    Null,

    /// <summary>The value <c>false</c>.</summary>
    False,

    /// <summary>The value <c>true</c>.</summary>
    True,

    /// <summary>A number: a double, or a literal that no double can hold.</summary>
    Number,

    /// <summary>A string of Unicode code points.</summary>
    String,

    /// <summary>An array.</summary>
    Array,

    /// <summary>An object with its keys in order of insertion.</summary>
    Object,
}

internal static class KindNames
{
    /// <summary>jq's name of the kind, as <c>type</c> gives it and as errors print it.</summary>
    public static string Name(this JqKind kind) => kind switch
    {
        JqKind.Null => "null",
        JqKind.False or JqKind.True => "boolean",
        JqKind.Number => "number",
        JqKind.String => "string",
        JqKind.Array => "array",
        _ => "object",
    };
}
