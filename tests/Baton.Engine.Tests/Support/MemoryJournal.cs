namespace Baton.Engine.Tests.Support;

/// <summary>A journal in memory with the full contract: fencing, the inbox, child runs, parking. What a test reads of it is what would be on disk.</summary>
internal sealed class MemoryJournal : IJournal
{
    private readonly Lock gate = new();
    private readonly Dictionary<RunId, Stored> runs = [];

    /// <summary>When set, appends complete on the thread pool instead of at once.</summary>
    public bool IsAsynchronous { get; init; }

    /// <summary>Children that a run started and that nobody has claimed yet.</summary>
    public Queue<JournalEntry.ChildStarted> NewChildren { get; } = new();

    /// <summary>What new runs are started under.</summary>
    public EngineBehaviour Behaviour { get; set; } = EngineBehaviour.Current;

    public void Create(RunId run, byte[] input, DateTimeOffset at, (RunId Run, string Key)? parent = null)
    {
        lock (gate)
        {
            runs.Add(run, new Stored { Parent = parent });
            runs[run].Entries.Add(new JournalEntry.RunStarted(0, at, input, Behaviour));
        }
    }

    /// <summary>Lets a run that has ended go on, with what failed from number <paramref name="from"/> on to be performed again.</summary>
    public void Retry(RunId run, long from)
    {
        lock (gate) runs[run].Entries.Add(new JournalEntry.RunRetried(runs[run].Entries[^1].Seq + 1, runs[run].Entries[^1].At, from));
    }

    public RunLease Claim(RunId run)
    {
        lock (gate) return new RunLease(TenantId.Default, run, ++runs[run].Fencing);
    }

    public IReadOnlyList<JournalEntry> Entries(RunId run)
    {
        lock (gate) return [.. runs[run].Entries];
    }

    public bool HasOutcome(RunId run, string key)
    {
        lock (gate) return Counting(runs[run]).Any(entry => entry.IsOutcome && string.Equals(entry.Key, key, StringComparison.Ordinal));
    }

    public void Send(RunId run, InboxKind kind, string name, byte[] body, RunState? state = null, WorkflowError? error = null)
    {
        lock (gate) runs[run].Inbox.Add(new InboxMessage(++runs[run].LastNo, kind, name, body, state, error));
    }

    /// <summary>Answers the run's open approval. False when it has none: it was answered, or has expired.</summary>
    public bool Answer(RunId run, string answer)
    {
        lock (gate)
        {
            if (runs[run].Approvals.Select(open => (KeyValuePair<string, string>?)open).FirstOrDefault() is not { } approval) return false;
            runs[run].Approvals.Remove(approval.Key);
            runs[run].Inbox.Add(new InboxMessage(++runs[run].LastNo, InboxKind.Event, approval.Value, System.Text.Encoding.UTF8.GetBytes(answer)));
            return true;
        }
    }

    /// <summary>Gives an event to every open subscription that it fits.</summary>
    public void Publish(string type, string source, byte[] body)
    {
        lock (gate)
        {
            foreach (var run in runs.Values)
            {
                foreach (var (key, subscriptions) in run.Listeners)
                {
                    if (!subscriptions.Any(s => (s.Type ?? type) == type && (s.Source ?? source) == source)) continue;
                    run.Inbox.Add(new InboxMessage(++run.LastNo, InboxKind.Event, key, body));
                }
            }
        }
    }

    public ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel)
    {
        lock (gate) return new(Owned(lease) is { } run ? new RunHistory([.. run.Entries], [.. run.Inbox]) : null);
    }

    public ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel)
    {
        lock (gate) return new([.. Owned(lease)?.Inbox.Where(message => message.No > after) ?? []]);
    }

    public ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry)
    {
        bool appended;
        lock (gate) appended = Apply(lease, entry);
        return IsAsynchronous ? Later(appended) : new ValueTask<bool>(appended);
    }

    public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request)
    {
        lock (gate)
        {
            if (Owned(lease) is not { } run) return new(ParkResult.LeaseLost);
            run.Inbox.RemoveAll(message => request.Discard.Contains(message.No));
            if (!request.Requeue && run.Inbox.Exists(message => message.No > request.LastInboxNo)) return new(ParkResult.HasMail);
            run.Fencing++;
            return new(ParkResult.Parked);
        }
    }

    private static async ValueTask<bool> Later(bool appended)
    {
        await Task.Yield();
        return appended;
    }

    private Stored? Owned(RunLease lease) => runs[lease.Run] is var run && run.Fencing == lease.Fencing ? run : null;

    private bool Apply(RunLease lease, JournalEntry entry)
    {
        if (Owned(lease) is not { } run) return false;
        Assert.True(entry.Seq > run.Entries[^1].Seq, "entries are appended in order");
        if (entry.IsOutcome) Assert.DoesNotContain(Counting(run), other => other.IsOutcome && other.Key == entry.Key);
        run.Entries.Add(entry);
        switch (entry)
        {
            case JournalEntry.SignalReceived e when run.Entries.SkipLast(1).OfType<JournalEntry.SignalReceived>().Any(other => other.InboxNo == e.InboxNo): break;   // returned by a waiter that was cancelled
            case JournalEntry.SignalReceived e: Consume(run, e.InboxNo); break;
            case JournalEntry.EventReceived e: Consume(run, e.InboxNo); break;
            case JournalEntry.ChildEnded e: Consume(run, e.InboxNo); break;
            case JournalEntry.ApprovalAsked e: run.Approvals.Add(e.Approval.Id, e.Key); break;
            case JournalEntry.ApprovalLapsed e:
                if (run.Approvals.Remove(e.Approval)) run.Inbox.Add(new InboxMessage(++run.LastNo, InboxKind.Event, e.Key, "{\"expired\":true}"u8.ToArray()));
                break;
            case JournalEntry.ApprovalSettled e: Consume(run, e.InboxNo); break;
            case JournalEntry.ListeningStarted e: run.Listeners.Add(e.Key, e.Subscriptions); break;
            case JournalEntry.ListeningStopped e: run.Listeners.Remove(e.Listener); break;
            case JournalEntry.ChildStarted e:
                runs.Add(e.Child, new Stored { Parent = e.Detached ? null : (lease.Run, e.Key) });
                runs[e.Child].Entries.Add(new JournalEntry.RunStarted(0, e.At, e.Input, EngineBehaviour.Current));
                NewChildren.Enqueue(e);
                break;
            case JournalEntry.StateChanged e:
                run.Fencing++;
                if (e.State.IsTerminal() && run.Parent is var (parent, key))
                {
                    runs[parent].Inbox.Add(new InboxMessage(++runs[parent].LastNo, InboxKind.ChildEnded, key, e.Output, e.State, e.Error));
                }
                break;
        }
        return true;
    }

    /// <summary>Outcomes that a retry may not have made void.</summary>
    private static IEnumerable<JournalEntry> Counting(Stored run) =>
        run.Entries.Where(entry => !run.Entries.OfType<JournalEntry.RunRetried>().Any(retry => retry.From <= entry.Seq && entry.Seq < retry.Seq));

    private static void Consume(Stored run, long no) => Assert.Equal(1, run.Inbox.RemoveAll(message => message.No == no));

    private sealed class Stored
    {
        public List<JournalEntry> Entries { get; } = [];

        public List<InboxMessage> Inbox { get; } = [];

        public Dictionary<string, string> Approvals { get; } = [];

        public Dictionary<string, EquatableList<EventSubscription>> Listeners { get; } = [];

        public (RunId Run, string Key)? Parent { get; init; }

        public long Fencing { get; set; }

        public long LastNo { get; set; }
    }
}
