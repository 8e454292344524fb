using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>An immutable object: string keys in order of insertion. Adding a member is amortised O(1), looking one up is O(1).</summary>
[CollectionBuilder(typeof(JqObject), nameof(Create))]
public sealed class JqObject : IReadOnlyDictionary<string, JqValue>
{
    private readonly JqValue[] values;
    private readonly Claim? claim;   // none: the values were cut to size

    internal JqObject(KeyTable table, JqValue[] values, int count, Claim? claim = null)
    {
        Table = table;
        this.values = values;
        this.claim = claim;
        Count = count;
    }

    /// <summary>The object without members.</summary>
    public static JqObject Empty { get; } = new(KeyTable.Empty, [], 0) { Weight = 1 };

    /// <summary>Number of members.</summary>
    public int Count { get; }

    /// <summary>The keys in order of insertion.</summary>
    public IEnumerable<string> Keys => this.Select(member => member.Key);

    /// <summary>The values in the order of the keys.</summary>
    public IEnumerable<JqValue> Values => new ArraySegment<JqValue>(values, 0, Count);

    /// <summary>The value of a key.</summary>
    /// <exception cref="KeyNotFoundException">There is no such key.</exception>
    public JqValue this[string key] =>
        TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The object has no key \"{key}\".");

    internal KeyTable Table { get; }

    /// <summary>See <see cref="Jq.Weight"/>; 0 when it has not been computed.</summary>
    internal long Weight { get; set; }

    /// <summary>An object of the given members; of equal keys the last wins.</summary>
    public static JqObject Create(ReadOnlySpan<KeyValuePair<string, JqValue>> members)
    {
        var builder = new Builder(members.Length);
        foreach (var (key, value) in members) builder[key] = value;
        return builder.ToObject();
    }

    /// <summary>Whether there is a member with this key.</summary>
    public bool ContainsKey(string key) => Table.IndexOf(key, Count) >= 0;

    /// <summary>Gets the value of a key.</summary>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out JqValue value)
    {
        var index = Table.IndexOf(key, Count);
        value = index >= 0 ? values[index] : default;
        return index >= 0;
    }

    /// <summary>This object with one member added at the end, or replaced in its place.</summary>
    public JqObject With(string key, JqValue value)
    {
        ArgumentNullException.ThrowIfNull(key);
        var index = Table.IndexOf(key, Count);
        if (index >= 0)
        {
            var copy = AsSpan().ToArray();
            copy[index] = value;
            return new JqObject(Table, copy, Count);
        }
        var table = Table.Append(Count, key);
        if (claim is not null && Count < values.Length && claim.TryTake(Count, Count + 1))
        {
            values[Count] = value;
            return new JqObject(table, values, Count + 1, claim);
        }
        var grown = new JqValue[Count + Math.Max(1, Count / 2)];
        AsSpan().CopyTo(grown);
        grown[Count] = value;
        return new JqObject(table, grown, Count + 1, new Claim(Count + 1));
    }

    /// <summary>This object without the member with this key.</summary>
    public JqObject Without(string key)
    {
        var index = Table.IndexOf(key, Count);
        if (index < 0) return this;
        if (Count == 1) return Empty;
        var rest = new JqValue[Count - 1];
        AsSpan()[..index].CopyTo(rest);
        AsSpan()[(index + 1)..].CopyTo(rest.AsSpan(index));
        return new JqObject(Table.Remove(index, Count), rest, Count - 1);
    }

    /// <summary>The members in order of insertion, without boxing.</summary>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<KeyValuePair<string, JqValue>> IEnumerable<KeyValuePair<string, JqValue>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The object as JSON.</summary>
    public override string ToString() => new JqValue(this).ToJson();

    /// <summary>The values in the order of the keys, in place.</summary>
    internal ReadOnlySpan<JqValue> AsSpan() => new(values, 0, Count);

    internal ReadOnlySpan<string> KeySpan() => Table.Keys(Count);

    internal KeyValuePair<string, JqValue> At(int index) => new(Table.Keys(Count)[index], values[index]);

    /// <summary>Replaces a value of an object that its caller alone refers to.</summary>
    internal void SetInPlace(int index, JqValue value)
    {
        values[index] = value;
        Weight = 0;
    }

    /// <summary>Whether adding a member copies nothing, barring a race for the slot.</summary>
    internal bool CanGrowInPlace => claim is not null && Count < values.Length;

    /// <summary>The same keys with other values; the object takes <paramref name="replaced"/> over.</summary>
    internal JqObject WithValues(JqValue[] replaced) => new(Table, replaced, Count);

    /// <summary>Walks the members of an object in order of insertion.</summary>
    public struct Enumerator : IEnumerator<KeyValuePair<string, JqValue>>
    {
        private readonly JqObject members;
        private int index;

        internal Enumerator(JqObject members)
        {
            this.members = members;
            index = -1;
        }

        /// <inheritdoc/>
        public readonly KeyValuePair<string, JqValue> Current => members.At(index);

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext() => ++index < members.Count;

        /// <inheritdoc/>
        public void Reset() => index = -1;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }

    /// <summary>Collects members for a <see cref="JqObject"/>. Not thread-safe.</summary>
    public sealed class Builder
    {
        private KeyTable table = KeyTable.Empty;
        private JqValue[] values;

        /// <summary>A builder with room for <paramref name="capacity"/> members.</summary>
        public Builder(int capacity = 0) => values = capacity == 0 ? [] : new JqValue[capacity];

        /// <summary>A builder that starts from the members of <paramref name="start"/>.</summary>
        public Builder(JqObject start, int more = 0)
        {
            table = start.Table;
            Count = start.Count;
            values = new JqValue[start.Count + more];
            start.AsSpan().CopyTo(values);
        }

        /// <summary>Number of members so far.</summary>
        public int Count { get; private set; }

        /// <summary>The value of a key; setting adds a member at the end or replaces it in its place.</summary>
        /// <exception cref="KeyNotFoundException">There is no such key (when getting).</exception>
        public JqValue this[string key]
        {
            get => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"The object has no key \"{key}\".");
            set
            {
                ArgumentNullException.ThrowIfNull(key);
                var index = table.IndexOf(key, Count);
                if (index < 0)
                {
                    table = table.Append(Count, key);
                    if (Count == values.Length) Array.Resize(ref values, Math.Max(4, Count * 2));
                    index = Count++;
                }
                values[index] = value;
            }
        }

        /// <summary>Gets the value of a key.</summary>
        public bool TryGetValue(string key, [MaybeNullWhen(false)] out JqValue value)
        {
            var index = table.IndexOf(key, Count);
            value = index >= 0 ? values[index] : default;
            return index >= 0;
        }

        /// <summary>The members as an object; the builder is empty afterwards.</summary>
        public JqObject ToObject()
        {
            var result = Count == 0 ? Empty
                : Count == values.Length ? new JqObject(table, values, Count)
                : new JqObject(table, values.AsSpan(0, Count).ToArray(), Count);
            (table, values, Count) = (KeyTable.Empty, [], 0);
            return result;
        }
    }
}
