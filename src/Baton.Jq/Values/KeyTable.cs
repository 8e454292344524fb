using System.Text;

namespace Baton.Jq;

/// <summary>
/// The keys of objects in order of insertion, shared by all objects that start with the same keys: an object owns the first
/// <c>count</c> keys of a table. Tables only grow, so that objects of one shape find their keys at the same positions.
/// </summary>
/// <remarks>
/// Thread-safe without locks. Whoever raises <see cref="used"/> from n to n + 1 alone writes slot n, and writes the key last: who sees
/// the key sees its hash chain. An object of n keys never looks at a slot from n on.
/// </remarks>
internal sealed class KeyTable
{
    /// <summary>Up to this many keys are compared one by one; beyond, a hash index finds them.</summary>
    private const int LinearLimit = 8;

    /// <summary>How many tables that branch off are remembered, so that a second object of that shape shares them.</summary>
    private const int MaxBranches = 8;

    private volatile Slots slots;
    private volatile Branch? branches;
    private Sorted? sorted;
    private int used;

    private KeyTable(Slots slots, int used)
    {
        this.slots = slots;
        this.used = used;
    }

    /// <summary>The table of the empty object. It never gets a key: every first key starts a table.</summary>
    public static KeyTable Empty { get; } = new(new Slots(0), 0);

    /// <summary>A table with one key.</summary>
    public static KeyTable Start(string key)
    {
        var first = new Slots(4);
        first.Insert(0, key);
        return new KeyTable(first, 1);
    }

    public ReadOnlySpan<string> Keys(int count) => slots.Keys.AsSpan(0, count);

    /// <summary>Position of the key among the first <paramref name="count"/>, or -1.</summary>
    public int IndexOf(string key, int count)
    {
        var now = slots;
        if (count > LinearLimit) return now.Find(key, count);
        var keys = now.Keys;
        for (var i = 0; i < count; i++)
        {
            if ((object)keys[i] == key || string.Equals(keys[i], key)) return i;
        }
        return -1;
    }

    /// <summary>Whether the key after the first <paramref name="count"/> is this ASCII text.</summary>
    public bool Continues(int count, ReadOnlySpan<byte> ascii)
    {
        var keys = slots.Keys;
        return count < keys.Length && keys[count] is { } key && Ascii.Equals(ascii, key);
    }

    /// <summary>The table that holds the first <paramref name="count"/> keys of this one and then <paramref name="key"/>, which is not among them.</summary>
    public KeyTable Append(int count, string key)
    {
        if (count == 0) return Start(key);
        var now = slots;
        if (count < now.Keys.Length && now.Keys[count] is { } next && next == key) return this;
        if (Interlocked.CompareExchange(ref used, count + 1, count) != count) return BranchOff(count, key);
        now = slots;
        if (count < now.Keys.Length)
        {
            now.Insert(count, key);
        }
        else
        {
            var grown = now.CopyOf(count, Math.Max(4, count * 2));
            grown.Insert(count, key);
            slots = grown;
        }
        return this;
    }

    /// <summary>The table of the first <paramref name="count"/> keys without the one at <paramref name="index"/>.</summary>
    public KeyTable Remove(int index, int count)
    {
        if (count == 1) return Empty;
        for (var branch = branches; branch is not null; branch = branch.Next)
        {
            if (branch.Removed == index && branch.Count == count) return branch.Table;
        }
        var keys = Keys(count);
        var rest = new Slots(count - 1);
        for (var i = 0; i < count; i++)
        {
            if (i != index) rest.Insert(i < index ? i : i - 1, keys[i]);
        }
        return Remember(new Branch(new KeyTable(rest, count - 1), count, index, null));
    }

    /// <summary>Positions of the first <paramref name="count"/> keys in code point order of the keys.</summary>
    public ReadOnlySpan<int> Order(int count)
    {
        var known = Volatile.Read(ref sorted);
        if (known is null || known.Positions.Length != count)
        {
            var positions = new int[count];
            for (var i = 0; i < count; i++) positions[i] = i;
            var keys = slots.Keys;
            Array.Sort(positions, (a, b) => TextOrder.Compare(keys[a], keys[b]));
            Volatile.Write(ref sorted, known = new Sorted(positions));
        }
        return known.Positions;
    }

    private KeyTable BranchOff(int count, string key)
    {
        for (var branch = branches; branch is not null; branch = branch.Next)
        {
            if (branch.Count == count && branch.Removed < 0 && branch.Table.slots.Keys[count] == key) return branch.Table;
        }
        var copy = slots.CopyOf(count, Math.Max(4, count + 1));
        copy.Insert(count, key);
        return Remember(new Branch(new KeyTable(copy, count + 1), count, -1, null));
    }

    private KeyTable Remember(Branch branch)
    {
        var first = branches;
        var kept = first is null ? 0 : first.Length;
        // A race may lose a branch: another object then makes its own table, which costs memory only.
        branches = kept < MaxBranches ? branch with { Next = first } : branch;
        return branch.Table;
    }

    /// <summary>A table that continues the first <paramref name="Count"/> keys differently, or lacks the one at <paramref name="Removed"/>.</summary>
    private sealed record Branch(KeyTable Table, int Count, int Removed, Branch? Next)
    {
        public int Length { get; } = Next is null ? 1 : Next.Length + 1;
    }

    private sealed record Sorted(int[] Positions);

    private sealed class Slots
    {
        public readonly string[] Keys;
        private readonly int[] hashes;
        private readonly int[] next;      // next slot + 1 of the chain, 0 at its end
        private readonly int[] buckets;   // first slot + 1 of the chain

        public Slots(int capacity)
        {
            Keys = new string[capacity];
            if (capacity > LinearLimit)
            {
                hashes = new int[capacity];
                next = new int[capacity];
                buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity)];
            }
            else
            {
                hashes = next = buckets = [];
            }
        }

        public int Find(string key, int count)
        {
            var hash = key.GetHashCode(StringComparison.Ordinal);
            for (var i = Volatile.Read(ref buckets[hash & (buckets.Length - 1)]) - 1; i >= 0; i = next[i] - 1)
            {
                if (i < count && hashes[i] == hash && Keys[i] == key) return i;
            }
            return -1;
        }

        public void Insert(int slot, string key)
        {
            if (buckets.Length > 0)
            {
                var hash = key.GetHashCode(StringComparison.Ordinal);
                ref var bucket = ref buckets[hash & (buckets.Length - 1)];
                hashes[slot] = hash;
                next[slot] = bucket;
                Volatile.Write(ref bucket, slot + 1);
            }
            Volatile.Write(ref Keys[slot], key);
        }

        public Slots CopyOf(int count, int capacity)
        {
            var copy = new Slots(capacity);
            for (var i = 0; i < count; i++) copy.Insert(i, Keys[i]);
            return copy;
        }
    }
}
