namespace Baton.Engine.Replay;

/// <summary>A run's history while it is replayed: outcomes are given out one by one, in the order in which they became durable.</summary>
internal sealed class ReplayCursor
{
    private readonly Dictionary<string, Recorded> recorded = new(StringComparer.Ordinal);
    private readonly List<JournalEntry> outcomes = [];
    private readonly HashSet<string> settledItems = new(StringComparer.Ordinal);
    private int head;

    public ReplayCursor(IReadOnlyList<JournalEntry> entries)
    {
        foreach (var entry in entries)
        {
            if (entry.Key.Length == 0) continue;
            if (!recorded.TryGetValue(entry.Key, out var of)) recorded.Add(entry.Key, of = new Recorded());
            of.Add(entry);
            if (entry.IsOutcome) outcomes.Add(entry);
        }
    }

    /// <summary>True when nothing is left that a replay must ask for.</summary>
    public bool IsEmpty => recorded.Count == 0;

    /// <summary>The oldest outcome that the workflow has not been given; null once it has them all.</summary>
    public JournalEntry? Head => head < outcomes.Count ? outcomes[head] : null;

    public void Advance() => head++;

    /// <summary>What is recorded of the key. A key is taken once: what is left at the end was never asked for.</summary>
    public Recorded? Take(string key) => recorded.Remove(key, out var found) ? found : null;

    /// <summary>As <see cref="Take"/>, for the item of a map: once it has its result, nothing below it will be asked for again.</summary>
    public Recorded? TakeItem(string key)
    {
        var item = Take(key);
        if (item?.Outcome is not null) settledItems.Add(key);
        return item;
    }

    /// <summary>Whether the key is recorded, the workflow has not asked for it, and it should.</summary>
    public bool IsUntaken(string key) => recorded.ContainsKey(key) && !LiesBelowSettledItem(key);

    /// <summary>What was recorded but never asked for, oldest first.</summary>
    public IEnumerable<JournalEntry> Untaken => recorded.Where(of => !LiesBelowSettledItem(of.Key)).Select(of => of.Value.Latest).OrderBy(entry => entry.Seq);

    private bool LiesBelowSettledItem(string key)
    {
        if (settledItems.Count == 0) return false;
        var lookup = settledItems.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var end = key.IndexOf("]/", StringComparison.Ordinal); end >= 0; end = key.IndexOf("]/", end + 1, StringComparison.Ordinal))
        {
            if (lookup.Contains(key.AsSpan(0, end + 1))) return true;
        }
        return false;
    }
}
