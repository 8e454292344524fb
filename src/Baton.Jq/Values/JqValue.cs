using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;

namespace Baton.Jq;

/// <summary>
/// An immutable JSON value: null, a boolean, a number, a string, an array or an object. 16 bytes; <c>default</c> is null.
/// </summary>
/// <remarks>
/// Values may be shared between threads. Numbers are doubles, except literals that a double cannot hold, which keep their text
/// (see <see cref="NumberText"/>). Nesting is unlimited: no member recurses on the native stack.
/// </remarks>
[JsonConverter(typeof(JqValueConverter))]
[DebuggerDisplay("{ToString(),nq}")]
public readonly partial struct JqValue : IEquatable<JqValue>, IComparable<JqValue>
{
    // Without a reference the payload holds 0 (null), 1 (false), 2 (true), or the bits of a double XOR-ed with a NaN pattern
    // that no stored number has; so default(JqValue) is null and plain numbers need no object.
    // With a reference (string, NumberLiteral, JqArray, JqObject) the payload holds the kind.
    private const long NumberMask = 0x7FF8_0000_0000_00FF;

    // Beside the kind of an array or object: nothing else refers to it. See Owned.
    private const long OwnedFlag = 0x100;

    private readonly object? reference;
    private readonly long payload;

    private JqValue(object? reference, long payload)
    {
        this.reference = reference;
        this.payload = payload;
    }

    internal JqValue(double number)
    {
        if (double.IsNaN(number)) number = double.NaN;   // one NaN only: the others spell null, false and true
        payload = BitConverter.DoubleToInt64Bits(number) ^ NumberMask;
    }

    internal JqValue(string text)
    {
        reference = text;
        payload = (long)JqKind.String;
    }

    internal JqValue(JqArray array)
    {
        reference = array;
        payload = (long)JqKind.Array;
    }

    internal JqValue(JqObject members)
    {
        reference = members;
        payload = (long)JqKind.Object;
    }

    internal JqValue(NumberLiteral literal)
    {
        reference = literal;
        payload = (long)JqKind.Number;
    }

    /// <summary>The value null.</summary>
    public static JqValue Null => default;

    /// <summary>The value true.</summary>
    public static JqValue True => new(null, (long)JqKind.True);

    /// <summary>The value false.</summary>
    public static JqValue False => new(null, (long)JqKind.False);

    /// <summary>The array without elements.</summary>
    public static JqValue EmptyArray => new(JqArray.Empty);

    /// <summary>The object without members.</summary>
    public static JqValue EmptyObject => new(JqObject.Empty);

    /// <summary>The kind of this value.</summary>
    public JqKind Kind => (JqKind)(reference is null && (ulong)payload > (ulong)JqKind.True ? (long)JqKind.Number : payload);

    /// <summary>Whether this is null.</summary>
    public bool IsNull => reference is null && payload == 0;

    /// <summary>Whether this is true or false.</summary>
    public bool IsBoolean => Kind is JqKind.True or JqKind.False;

    /// <summary>Whether this is a number.</summary>
    public bool IsNumber => Kind == JqKind.Number;

    /// <summary>Whether this is a string.</summary>
    public bool IsString => reference is string;

    /// <summary>Whether this is an array.</summary>
    public bool IsArray => reference is JqArray;

    /// <summary>Whether this is an object.</summary>
    public bool IsObject => reference is JqObject;

    /// <summary>jq's truth: everything but null and false.</summary>
    public bool IsTruthy => reference is not null || (ulong)payload > (ulong)JqKind.False;

    /// <summary>A string, or null for a null reference.</summary>
    public static implicit operator JqValue(string? text) => text is null ? default : new(text);

    /// <summary>A boolean.</summary>
    public static implicit operator JqValue(bool value) => value ? True : False;

    /// <summary>A number.</summary>
    public static implicit operator JqValue(int number) => new((double)number);

    /// <summary>A number; from ±2^53 on all its digits are kept.</summary>
    public static implicit operator JqValue(long number) =>
        number is > -NumberLiteral.MaxPlainInteger and < NumberLiteral.MaxPlainInteger ? new((double)number) : new(NumberLiteral.From(number));

    /// <summary>A number. NaN is written as null, the infinities as the largest doubles.</summary>
    public static implicit operator JqValue(double number) => new(number);

    /// <summary>An array, or null for a null reference.</summary>
    public static implicit operator JqValue(JqArray? array) => array is null ? default : new(array);

    /// <summary>An object, or null for a null reference.</summary>
    public static implicit operator JqValue(JqObject? members) => members is null ? default : new(members);

    /// <summary>An array of the given elements.</summary>
    public static JqValue Array(params ReadOnlySpan<JqValue> elements) => new(JqArray.Create(elements));

    /// <summary>An object of the given members; of equal keys the last wins.</summary>
    public static JqValue Object(params ReadOnlySpan<(string Key, JqValue Value)> members)
    {
        var builder = new JqObject.Builder(members.Length);
        foreach (var (key, value) in members) builder[key] = value;
        return builder.ToObject();
    }

    /// <summary>Whether both are the same string, array, object or literal by reference, or the same plain value bit by bit.</summary>
    /// <remarks>jq checks paths by identity, not by equality.</remarks>
    internal bool IsSameAs(in JqValue other) => ReferenceEquals(reference, other.reference) && (payload == other.payload || reference is not null);

    /// <summary>
    /// Whether this is the only reference to an array or object, which may then be changed in place. Only <see cref="Filter.EvaluateOwned"/>
    /// and what it calls pass such values on; whoever keeps a value, or reads it twice, takes <see cref="Shared"/> first.
    /// </summary>
    internal bool IsOwned => reference is not null && (payload & OwnedFlag) != 0;

    /// <summary>The value of a container that nobody else has seen.</summary>
    internal JqValue Owned => new(reference, payload | OwnedFlag);

    /// <summary>The value without the claim to be its only reference.</summary>
    internal JqValue Shared => reference is null ? this : new(reference, payload & ~OwnedFlag);

    internal bool IsContainer => Kind >= JqKind.Array;

    /// <summary>Carries an object of the machine in a slot; such a value never leaves the machine.</summary>
    internal static JqValue Wrap(object? carried) => new(carried, 0);

    internal T? Unwrap<T>()
        where T : class => Unsafe.As<T?>(reference);

    internal NumberLiteral? Literal => reference as NumberLiteral;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TryGetPlainNumber(out double number)
    {
        number = BitConverter.Int64BitsToDouble(payload ^ NumberMask);
        return reference is null && (ulong)payload > (ulong)JqKind.True;
    }
}
