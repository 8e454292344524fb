namespace Baton.Engine.Runs;

/// <summary>
/// Numbers a run's entries, hands them to the journal, and reports them back in that order, whatever the order of the acknowledgements:
/// what the workflow sees is always a prefix of what is durable.
/// </summary>
internal sealed class AppendQueue(RunLease lease, IJournal journal, TimeProvider time, RunLoop loop, JournalEntry last, Func<StorageUnavailableException, int, Task<bool>> onFailure, Action onLeaseLost)
{
    private readonly Lock gate = new();
    private readonly Queue<Ticket> tickets = new();
    private long lastSeq = last.Seq;
    private DateTimeOffset lastAt = last.At;
    private Task<bool> foundation = Task.FromResult(true);   // false once this life is over

    /// <summary>Records an entry durably, from any thread, and calls <paramref name="onStored"/> with it on the loop when its turn has come.</summary>
    /// <param name="isFoundation">
    /// True for an entry without which those that follow mean nothing: none of them is handed to the journal before it is durable. Else one that is refused could leave them behind it,
    /// should this life end before it is tried again. From the loop only.
    /// </param>
    /// <remarks>Goes on wherever the journal's acknowledgement arrives: nothing here may need the loop.</remarks>
    public Task AppendAsync(Func<long, DateTimeOffset, JournalEntry> create, Action<JournalEntry> onStored, bool isFoundation)
    {
        if (isFoundation) return LayAsync(create, onStored);
        var before = Volatile.Read(ref foundation);
        return before.IsCompleted ? StoreAsync(create, onStored) : FollowAsync(before, create, onStored);
    }

    private async Task LayAsync(Func<long, DateTimeOffset, JournalEntry> create, Action<JournalEntry> onStored)
    {
        var (before, laid, isStored) = (foundation, new TaskCompletionSource<bool>(), false);
        Volatile.Write(ref foundation, laid.Task);
        try
        {
            isStored = await before.ConfigureAwait(false) && await StoreAsync(create, onStored).ConfigureAwait(false);
        }
        finally
        {
            laid.SetResult(isStored);
        }
    }

    private async Task FollowAsync(Task<bool> before, Func<long, DateTimeOffset, JournalEntry> create, Action<JournalEntry> onStored)
    {
        if (await before.ConfigureAwait(false)) await StoreAsync(create, onStored).ConfigureAwait(false);
    }

    /// <returns>False when this life is over.</returns>
    private async Task<bool> StoreAsync(Func<long, DateTimeOffset, JournalEntry> create, Action<JournalEntry> onStored)
    {
        for (var failures = 0; ; failures++)
        {
            Ticket ticket;
            ValueTask<bool> append;
            lock (gate)   // numbers, tickets and hand-over in one order; an entry that was refused gets a new number
            {
                var now = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());   // as storage keeps it: a replay must read the same
                if (now > lastAt) lastAt = now;
                ticket = new Ticket(create(++lastSeq, lastAt), onStored);
                append = journal.AppendAsync(lease, ticket.Entry);
                tickets.Enqueue(ticket);
            }
            try
            {
                if (!await append.ConfigureAwait(false))
                {
                    onLeaseLost();
                    return false;
                }
                Close(ticket, TicketState.Stored);
                return true;
            }
            catch (StorageUnavailableException e)
            {
                Close(ticket, TicketState.Void);
                if (!await onFailure(e, failures).ConfigureAwait(false)) return false;
            }
            catch
            {
                Close(ticket, TicketState.Void);   // a journal that breaks its contract ends the run, and must not hold up that end
                throw;
            }
        }
    }

    private void Close(Ticket ticket, TicketState state)
    {
        ticket.State = state;
        loop.Deliver(static queue => ((AppendQueue)queue).Report(), this);
    }

    /// <summary>Reports one entry, on the loop: the workflow reacts to each before it sees the next.</summary>
    private void Report()
    {
        Ticket? stored = null;
        lock (gate)
        {
            while (stored is null && tickets.TryPeek(out var ticket) && ticket.State != TicketState.Pending)
            {
                tickets.Dequeue();
                if (ticket.State == TicketState.Stored) stored = ticket;
            }
            if (tickets.TryPeek(out var next) && next.State == TicketState.Stored) loop.Deliver(static queue => ((AppendQueue)queue).Report(), this);
        }
        stored?.OnStored(stored.Entry);
    }

    private enum TicketState { Pending, Stored, Void }

    private sealed class Ticket(JournalEntry entry, Action<JournalEntry> onStored)
    {
        private volatile TicketState state;

        public JournalEntry Entry => entry;

        public Action<JournalEntry> OnStored => onStored;

        public TicketState State { get => state; set => state = value; }
    }
}
