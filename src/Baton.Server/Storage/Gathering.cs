namespace Baton.Server.Storage;

/// <summary>
/// How many requests a group commit waits for, where a commit costs as much as dozens of rows. Who has waited for one is back with a next request at once or not
/// for long: a run whose step is stored goes on to its next step. So a commit waits until half of those whom the last one answered are back. Where they do not come, the next commits wait for
/// nobody: two, then four, up to 64 of them.
/// </summary>
/// <remarks>
/// Without it, groups are half as large as they could be: what one commit answers has just missed the next. Not for several threads at once.
/// </remarks>
internal sealed class Gathering
{
    /// <summary>How long a commit waits for others, at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(1);

    /// <summary>Fewer than these save less than the waiting costs.</summary>
    private const int Few = 8;

    /// <summary>Most doublings of the commits that wait for nobody.</summary>
    private const int MostDoublings = 6;

    private int passes, doublings;

    /// <summary>How many requests are to come before the next commit begins, beside those that are there already and should that take no longer than <see cref="Longest"/>.</summary>
    /// <param name="answered">By the last commit; 0 where there was nothing to commit.</param>
    public int Wanted(int answered)
    {
        if (answered < Few) return 0;
        if (passes == 0) return answered / 2;
        passes--;
        return 0;
    }

    /// <summary>What the waiting came to.</summary>
    public void Waited(bool cameInTime)
    {
        doublings = cameInTime ? 0 : Math.Min(doublings + 1, MostDoublings);
        passes = cameInTime ? 0 : 1 << doublings;
    }
}
