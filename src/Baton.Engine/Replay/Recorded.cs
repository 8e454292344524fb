namespace Baton.Engine.Replay;

/// <summary>What a journal holds of one key: how it was opened, the attempts that failed, and its outcome if it has one.</summary>
internal sealed class Recorded
{
    /// <summary>The entry that opened the operation (a timer's due time, a child's id), if its kind has one.</summary>
    public JournalEntry? Opening { get; private set; }

    public JournalEntry.StepFailed? LastFailure { get; private set; }

    /// <summary>Whether an approval's deadline has passed.</summary>
    public bool HasLapsed { get; private set; }

    public JournalEntry? Outcome { get; private set; }

    public void Add(JournalEntry entry)
    {
        if (entry.IsOutcome) Outcome = entry;
        else if (entry is JournalEntry.StepFailed failed) LastFailure = failed;
        else if (entry is JournalEntry.ApprovalLapsed) HasLapsed = true;
        else Opening = entry;
    }

    /// <summary>The same without what was recorded from number <paramref name="from"/> to <paramref name="to"/>; null when nothing is left.</summary>
    public Recorded? Without(long from, long to)
    {
        var rest = new Recorded();
        foreach (var entry in new[] { Opening, LastFailure, Outcome })
        {
            if (entry is not null && (entry.Seq < from || entry.Seq > to)) rest.Add(entry);
        }
        return rest.IsEmpty ? null : rest;
    }

    private bool IsEmpty => (Opening ?? LastFailure ?? Outcome) is null;

    /// <summary>The newest entry, for messages about what was recorded.</summary>
    public JournalEntry Latest => Outcome ?? LastFailure ?? Opening ?? throw new InvalidOperationException("Nothing was recorded.");
}
