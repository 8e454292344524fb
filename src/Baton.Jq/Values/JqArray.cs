using System.Collections;
using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>An immutable array of values. Appending is amortised O(1), reading is O(1), a slice shares the elements.</summary>
[CollectionBuilder(typeof(JqArray), nameof(Create))]
public sealed class JqArray : IReadOnlyList<JqValue>
{
    private readonly JqValue[] items;
    private readonly int offset;
    private readonly Claim? claim;   // none: the buffer was cut to size

    internal JqArray(JqValue[] items, int offset, int count, Claim? claim = null)
    {
        this.items = items;
        this.offset = offset;
        this.claim = claim;
        Count = count;
    }

    /// <summary>The array without elements.</summary>
    public static JqArray Empty { get; } = new([], 0, 0) { Weight = 1 };

    /// <summary>Number of elements.</summary>
    public int Count { get; }

    /// <summary>The element at <paramref name="index"/>, counted from 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is outside [0, Count).</exception>
    public JqValue this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            return items[offset + index];
        }
    }

    /// <summary>See <see cref="Jq.Weight"/>; 0 when it has not been computed.</summary>
    internal long Weight { get; set; }

    /// <summary>An array with a copy of the elements.</summary>
    public static JqArray Create(ReadOnlySpan<JqValue> elements) => elements.IsEmpty ? Empty : Wrap(elements.ToArray());

    /// <summary>An array that takes <paramref name="elements"/> over; nobody may write to it any more.</summary>
    internal static JqArray Wrap(JqValue[] elements) => elements.Length == 0 ? Empty : new(elements, 0, elements.Length);

    /// <summary>The elements in place.</summary>
    public ReadOnlySpan<JqValue> AsSpan() => new(items, offset, Count);

    /// <summary>This array with one element more.</summary>
    public JqArray Add(JqValue element) => AddRange(new ReadOnlySpan<JqValue>(in element));

    /// <summary>This array followed by <paramref name="elements"/>.</summary>
    public JqArray AddRange(ReadOnlySpan<JqValue> elements)
    {
        if (elements.IsEmpty) return this;
        var total = checked(Count + elements.Length);
        if (CanGrowInPlace(elements.Length) && claim!.TryTake(offset + Count, offset + total))
        {
            elements.CopyTo(items.AsSpan(offset + Count));
            return new JqArray(items, offset, total, claim);
        }
        var grown = new JqValue[Math.Min(Math.Max((long)total + (total >> 1), 4), System.Array.MaxLength)];
        AsSpan().CopyTo(grown);
        elements.CopyTo(grown.AsSpan(Count));
        return new JqArray(grown, 0, total, new Claim(total));
    }

    /// <summary>This array with the element at <paramref name="index"/> replaced.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="index"/> is outside [0, Count).</exception>
    public JqArray SetItem(int index, JqValue element)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        var copy = AsSpan().ToArray();
        copy[index] = element;
        return Wrap(copy);
    }

    /// <summary><paramref name="count"/> elements from <paramref name="start"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside this array.</exception>
    public JqArray Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)start + count, Count, nameof(count));
        if (count == Count) return this;
        if (count == 0) return Empty;
        // A small rest must not keep a large buffer alive.
        return count >= items.Length / 2
            ? new JqArray(items, offset + start, count, claim)
            : Wrap(AsSpan().Slice(start, count).ToArray());
    }

    /// <summary>The elements in order, without boxing.</summary>
    public ReadOnlySpan<JqValue>.Enumerator GetEnumerator() => AsSpan().GetEnumerator();

    IEnumerator<JqValue> IEnumerable<JqValue>.GetEnumerator() => new ArraySegment<JqValue>(items, offset, Count).AsEnumerable().GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable<JqValue>)this).GetEnumerator();

    /// <summary>The array as JSON.</summary>
    public override string ToString() => new JqValue(this).ToJson();

    /// <summary>Replaces an element of an array that its caller alone refers to.</summary>
    internal void SetInPlace(int index, JqValue element)
    {
        items[offset + index] = element;
        Weight = 0;
    }

    /// <summary>Whether appending copies nothing, barring a race for the slots.</summary>
    internal bool CanGrowInPlace(int more) => claim is not null && (long)offset + Count + more <= items.Length;

    /// <summary>Collects elements for a <see cref="JqArray"/>. Not thread-safe.</summary>
    public sealed class Builder
    {
        private JqValue[] items;

        /// <summary>A builder with room for <paramref name="capacity"/> elements.</summary>
        public Builder(int capacity = 0) => items = capacity == 0 ? [] : new JqValue[capacity];

        /// <summary>Number of elements so far.</summary>
        public int Count { get; private set; }

        /// <summary>Adds an element.</summary>
        public void Add(JqValue element)
        {
            if (Count == items.Length) System.Array.Resize(ref items, Math.Max(4, Count * 2));
            items[Count++] = element;
        }

        /// <summary>Adds several elements.</summary>
        public void AddRange(ReadOnlySpan<JqValue> elements)
        {
            var total = checked(Count + elements.Length);
            if (total > items.Length) System.Array.Resize(ref items, Math.Max(total, (int)Math.Min(Count * 2L, System.Array.MaxLength)));
            elements.CopyTo(items.AsSpan(Count));
            Count = total;
        }

        /// <summary>The elements as an array; the builder is empty afterwards.</summary>
        public JqArray ToArray()
        {
            var (taken, count) = (items, Count);
            (items, Count) = ([], 0);
            if (count == 0) return Empty;
            // Cutting to size costs a copy and saves memory for good: worth it unless little is saved.
            if (count < taken.Length - taken.Length / 4) return Wrap(taken.AsSpan(0, count).ToArray());
            return new JqArray(taken, 0, count, count < taken.Length ? new Claim(count) : null);
        }
    }
}
