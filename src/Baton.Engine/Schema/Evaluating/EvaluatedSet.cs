namespace Baton.Engine.Schema;

/// <summary>
/// The members or items of one value that some schema has looked at: the annotations that <c>unevaluatedProperties</c> and
/// <c>unevaluatedItems</c> depend on. A branch that fails takes back what it marked.
/// </summary>
internal sealed class EvaluatedSet
{
    private const int LargeCount = 4_096;

    private ulong[] bits = [];
    private int[] marked = [];   // in order of marking, so that taking back costs no more than marking
    private int count;
    private int size;

    /// <summary>Whether the memory is too much to keep.</summary>
    public bool IsLarge => marked.Length > LargeCount;

    /// <summary>A point to go back to.</summary>
    public int Mark => count;

    /// <summary>Makes room for the children 0 to <paramref name="size"/> - 1, none of them marked.</summary>
    public void Reset(int size)
    {
        GoBack(0);
        this.size = size;
        if (size <= marked.Length) return;
        marked = new int[Math.Max(size, 16)];
        bits = new ulong[(marked.Length + 63) / 64];
    }

    public bool Contains(int index) => (bits[index >> 6] & (1UL << index)) != 0;

    public void Add(int index)
    {
        if (Contains(index)) return;
        bits[index >> 6] |= 1UL << index;
        marked[count++] = index;
    }

    public void AddAll()
    {
        for (var index = 0; index < size; index++) Add(index);
    }

    public void AddAll(EvaluatedSet other)
    {
        foreach (var index in other.marked.AsSpan(0, other.count)) Add(index);
    }

    /// <summary>Takes back everything since a <see cref="Mark"/>.</summary>
    public void GoBack(int mark)
    {
        while (count > mark)
        {
            var index = marked[--count];
            bits[index >> 6] &= ~(1UL << index);
        }
    }
}
