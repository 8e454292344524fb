using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Baton.Jq;

public readonly partial struct JqValue
{
    /// <summary>The member with this key; null when it is absent or when this value is null.</summary>
    /// <exception cref="InvalidOperationException">This value is neither an object nor null.</exception>
    public JqValue this[string key] => reference switch
    {
        JqObject members => members.TryGetValue(key, out var value) ? value : default,
        null when payload == 0 => default,
        _ => throw WrongKind("an object"),
    };

    /// <summary>The element at this index, a negative one counted from the end; null when absent or when this value is null.</summary>
    /// <exception cref="InvalidOperationException">This value is neither an array nor null.</exception>
    public JqValue this[int index]
    {
        get
        {
            if (reference is JqArray array)
            {
                if (index < 0) index += array.Count;
                return (uint)index < (uint)array.Count ? array[index] : default;
            }
            return IsNull ? default : throw WrongKind("an array");
        }
    }

    /// <summary>The text of a string.</summary>
    /// <exception cref="InvalidOperationException">This is no string.</exception>
    public string AsString() => reference as string ?? throw WrongKind("a string");

    /// <summary>The nearest double of a number; a literal beyond the doubles' range gives an infinity.</summary>
    /// <exception cref="InvalidOperationException">This is no number.</exception>
    public double AsDouble() => TryGetDouble(out var number) ? number : throw WrongKind("a number");

    /// <summary>The truth value of a boolean.</summary>
    /// <exception cref="InvalidOperationException">This is no boolean.</exception>
    public bool AsBoolean() => Kind switch
    {
        JqKind.True => true,
        JqKind.False => false,
        _ => throw WrongKind("a boolean"),
    };

    /// <summary>The elements of an array.</summary>
    /// <exception cref="InvalidOperationException">This is no array.</exception>
    public JqArray AsArray() => reference as JqArray ?? throw WrongKind("an array");

    /// <summary>The members of an object.</summary>
    /// <exception cref="InvalidOperationException">This is no object.</exception>
    public JqObject AsObject() => reference as JqObject ?? throw WrongKind("an object");

    /// <summary>Gets the text if this is a string.</summary>
    public bool TryGetString([NotNullWhen(true)] out string? text) => (text = reference as string) is not null;

    /// <summary>Gets the elements if this is an array.</summary>
    public bool TryGetArray([NotNullWhen(true)] out JqArray? array) => (array = reference as JqArray) is not null;

    /// <summary>Gets the members if this is an object.</summary>
    public bool TryGetObject([NotNullWhen(true)] out JqObject? members) => (members = reference as JqObject) is not null;

    /// <summary>Gets the nearest double if this is a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGetDouble(out double number)
    {
        if (TryGetPlainNumber(out number)) return true;
        if (reference is not NumberLiteral literal) return false;
        number = literal.Double;
        return true;
    }

    /// <summary>Gets the exact integer if this is a number without a fraction that fits a <see cref="long"/>.</summary>
    public bool TryGetInt64(out long number)
    {
        number = 0;
        if (TryGetPlainNumber(out var plain))
        {
            // 2^63 itself is a double but not a long.
            if (!(plain >= -9223372036854775808.0 && plain < 9223372036854775808.0) || Math.Truncate(plain) != plain) return false;
            number = (long)plain;
            return true;
        }
        return reference is NumberLiteral literal && long.TryParse(literal.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);
    }

    /// <summary>This object with one member added or replaced; null counts as the empty object.</summary>
    /// <exception cref="InvalidOperationException">This value is neither an object nor null.</exception>
    public JqValue With(string key, JqValue value) =>
        IsNull ? JqObject.Empty.With(key, value) : AsObject().With(key, value);

    private InvalidOperationException WrongKind(string wanted) => new($"Expected {wanted}, but the value is {Kind switch
    {
        JqKind.Null => "null",
        JqKind.Number => "a number",
        JqKind.String => "a string",
        JqKind.Array => "an array",
        JqKind.Object => "an object",
        _ => "a boolean",
    }}.");
}
