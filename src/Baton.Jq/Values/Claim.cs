namespace Baton.Jq;

/// <summary>
/// The high-water mark of a buffer that several immutable values share: each value owns a prefix, and whoever raises the mark first
/// owns the next slots. Appending to the longest value is therefore O(1); appending to a shorter one copies it.
/// </summary>
internal sealed class Claim(int used)
{
    private int used = used;

    /// <summary>Takes the slots from <paramref name="from"/> up to <paramref name="to"/> unless somebody took them before.</summary>
    public bool TryTake(int from, int to) => Interlocked.CompareExchange(ref used, to, from) == from;
}
