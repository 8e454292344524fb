namespace Baton.Jq;

public readonly partial struct JqValue
{
    /// <summary>Whether both are the same JSON value: numbers by exact value, objects without regard to the order of keys.</summary>
    /// <remarks>NaN equals NaN here, as in <see cref="double.Equals(double)"/>; the operator <c>==</c> of the jq language differs.</remarks>
    public bool Equals(JqValue other)
    {
        var comparison = new Comparison(Comparing.Exactly);
        return ValueOrder.AreEqual(this, other, ref comparison);
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is JqValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => ValueOrder.Hash(this);

    /// <summary>
    /// jq's order: null, false, true, numbers, strings by code point, arrays element by element, objects by their sorted keys and then
    /// by the values in that order.
    /// </summary>
    /// <returns>Negative, zero or positive. NaN is below every other number.</returns>
    public int CompareTo(JqValue other)
    {
        var comparison = new Comparison(Comparing.Exactly);
        return ValueOrder.Compare(this, other, ref comparison);
    }

    /// <summary>Whether both are the same JSON value.</summary>
    public static bool operator ==(JqValue left, JqValue right) => left.Equals(right);

    /// <summary>Whether the values differ.</summary>
    public static bool operator !=(JqValue left, JqValue right) => !left.Equals(right);

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/> in jq's order.</summary>
    public static bool operator <(JqValue left, JqValue right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/> in jq's order.</summary>
    public static bool operator >(JqValue left, JqValue right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not come after <paramref name="right"/>.</summary>
    public static bool operator <=(JqValue left, JqValue right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not come before <paramref name="right"/>.</summary>
    public static bool operator >=(JqValue left, JqValue right) => left.CompareTo(right) >= 0;
}
