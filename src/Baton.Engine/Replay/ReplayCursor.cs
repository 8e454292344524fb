namespace Baton.Engine.Replay;

/// <summary>A run's history while it is replayed: outcomes are given out one by one, in the order in which they became durable.</summary>
internal sealed class ReplayCursor
{
    private readonly Dictionary<string, Recorded> recorded = new(StringComparer.Ordinal);
    private readonly List<JournalEntry> outcomes = [];
    private readonly HashSet<string> settledItems = new(StringComparer.Ordinal);
    private readonly Queue<JournalEntry.RunRetried> retries = new();
    private int head;

    public ReplayCursor(IReadOnlyList<JournalEntry> entries)
    {
        var failed = Void(entries);
        foreach (var entry in entries)
        {
            if (entry is JournalEntry.RunRetried retried) retries.Enqueue(retried);
            if (entry.Key.Length == 0 || failed.Contains(entry.Seq)) continue;
            if (!recorded.TryGetValue(entry.Key, out var of)) recorded.Add(entry.Key, of = new Recorded());
            of.Add(entry);
            if (entry.IsOutcome) outcomes.Add(entry);
        }
    }

    /// <summary>True when nothing is left that a replay must ask for.</summary>
    public bool IsEmpty => recorded.Count == 0;

    /// <summary>The oldest outcome that the workflow has not been given; null once it has them all, up to the next retry.</summary>
    public JournalEntry? Head => head < outcomes.Count && (!retries.TryPeek(out var retry) || outcomes[head].Seq < retry.Seq) ? outcomes[head] : null;

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

    /// <summary>
    /// The workflow has been given all that counts from before a retry: what it did not ask for by now, of what the retry made void, it never will.
    /// At this very point the first life after the retry went live: so every replay has to forget here, when the workflow is idle, and not before.
    /// </summary>
    /// <returns>False when there is no retry left.</returns>
    public bool PassRetry()
    {
        if (!retries.TryDequeue(out var retry)) return false;
        foreach (var key in recorded.Keys.ToList()) Forget(key, retry);
        return true;
    }

    /// <summary>Forgets an outcome that the workflow has not asked for, where a retry made it void.</summary>
    /// <returns>False when it counts: then the workflow should have asked for it.</returns>
    public bool Forget(JournalEntry outcome)
    {
        if (retries.FirstOrDefault(retry => retry.From <= outcome.Seq && outcome.Seq < retry.Seq) is not { } voiding) return false;
        Forget(outcome.Key, voiding);
        Advance();
        return true;
    }

    /// <summary>Whether the key is recorded, the workflow has not asked for it, and it should.</summary>
    public bool IsUntaken(string key) => recorded.ContainsKey(key) && !LiesBelowSettledItem(key);

    /// <summary>What was recorded but never asked for, oldest first.</summary>
    public IEnumerable<JournalEntry> Untaken => recorded.Where(of => !LiesBelowSettledItem(of.Key)).Select(of => of.Value.Latest).OrderBy(entry => entry.Seq);

    /// <summary>Failures that are performed again, with the attempts that led to them.</summary>
    private static HashSet<long> Void(IReadOnlyList<JournalEntry> entries)
    {
        var numbers = new HashSet<long>();
        foreach (var retry in entries.OfType<JournalEntry.RunRetried>())
        {
            var keys = entries.Where(entry => entry.IsFailure && entry.Seq >= retry.From && entry.Seq < retry.Seq).Select(entry => entry.Key).ToHashSet(StringComparer.Ordinal);
            numbers.UnionWith(entries.Where(entry => entry is JournalEntry.StepFailed or JournalEntry.ChildEnded && entry.Seq < retry.Seq && keys.Contains(entry.Key)).Select(entry => entry.Seq));
        }
        return numbers;
    }

    private void Forget(string key, JournalEntry.RunRetried retry)
    {
        if (recorded[key].Without(retry.From, retry.Seq) is { } rest) recorded[key] = rest;
        else recorded.Remove(key);
    }

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
