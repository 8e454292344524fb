using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// One of the writers on PostgreSQL: takes what has queued and commits it in one transaction. Requests of one kind go as one statement over arrays.
/// </summary>
/// <remarks>
/// Where nothing has to follow the statements, they are sent in one round trip without BEGIN and COMMIT, and the server makes one transaction of them: with a
/// commit sent separately, every batch would wait once more for the writer's thread to wake.
/// What a broken connection leaves open, the next tells: see <see cref="PostgresSession"/>.
/// </remarks>
internal sealed class PostgresLane : IDisposable
{
    /// <summary>Most characters that nodes are told at once, below what PostgreSQL allows.</summary>
    private const int MaxNews = 7_000;

    /// <summary>Attempts at a transaction that meets others.</summary>
    private const int MaxConflicts = 10;

    /// <summary>After a whole batch was refused, so many are committed in two steps: in some loads every end has something to follow.</summary>
    private const int ApartFor = 100;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource source;
    private readonly string name, node;
    private readonly int lane;
    private readonly CommitLoop loop;
    private PostgresSession? session;
    private long batchNo = Random.Shared.NextInt64(long.MaxValue / 2);   // no two processes of one node mark alike
    private int apart;

    public PostgresLane(NpgsqlDataSource source, string name, string node, int lane)
    {
        (this.source, this.name, this.node, this.lane) = (source, name, node, lane);
        loop = new CommitLoop($"baton-writer-{lane}", name, Commit, new Gathering());
    }

    /// <inheritdoc cref="CommitLoop.Enqueue"/>
    public void Enqueue(WriteRequest request) => loop.Enqueue(request);

    /// <summary>Writes what is queued, then stops.</summary>
    public void Dispose()
    {
        loop.Dispose();
        Disconnect();
    }

    private void Commit(List<WriteRequest> batch)
    {
        var isQuiet = batch.All(request => request.Bulk is not null && request.IsQuiet);
        var way = isQuiet && apart == 0 ? Way.Whole : Way.Apart;
        if (isQuiet && apart > 0) apart--;
        for (var conflicts = 0; ;)
        {
            try
            {
                var failed = Perform(batch, way);
                foreach (var request in batch)
                {
                    if (failed.TryGetValue(request, out var failure)) request.Fail(failure);
                    else request.Complete();
                }
                return;
            }
            catch (NpgsqlException e) when (PostgresErrors.IsConflict(e) && conflicts++ < MaxConflicts)
            {
                // Others were in the way, and are done now.
            }
            catch (NpgsqlException e) when (PostgresErrors.IsFenced(e) && conflicts++ < MaxConflicts)
            {
                Disconnect();   // the next connection takes the row back
            }
            catch (NpgsqlException e) when (PostgresErrors.IsRefusal(e) && way == Way.Whole)
            {
                (way, apart) = (Way.Apart, ApartFor);
            }
            catch (NpgsqlException e) when (PostgresErrors.IsStorageFailure(e))
            {
                if (PostgresErrors.IsLost(e) || !IsOpen) Disconnect();
                FailAll(batch, PostgresErrors.Explain(e, name));
                return;
            }
            catch (StorageUnavailableException e)
            {
                FailAll(batch, e);
                return;
            }
            catch (Exception e) when (IsOfConnection(e))   // whatever it says, the connection is what failed
            {
                Disconnect();
                FailAll(batch, new StorageUnavailableException($"{name} does not answer: the connection broke. Nothing acknowledged is lost; work goes on by itself when it is back.", e));
                return;
            }
            catch (Exception) when (way != Way.Singly)
            {
                way = Way.Singly;   // one of them failed by itself: now each on its own, so that it alone fails
            }
            catch (Exception e)   // the edge of the writer's thread
            {
                Disconnect();
                FailAll(batch, e);
                return;
            }
        }
    }

    private static void FailAll(List<WriteRequest> batch, Exception e)
    {
        foreach (var request in batch) request.Fail(e);
    }

    /// <summary>How a batch is committed.</summary>
    private enum Way
    {
        /// <summary>In one round trip: nothing follows its statements.</summary>
        Whole,

        /// <summary>Its statements, then what follows them, then the commit.</summary>
        Apart,

        /// <summary>Every request on its own, with a savepoint.</summary>
        Singly,
    }

    /// <summary>One transaction.</summary>
    /// <returns>The requests that failed by themselves; none unless singly.</returns>
    private Dictionary<WriteRequest, Exception> Perform(List<WriteRequest> batch, Way way)
    {
        var on = Connect();
        on.Replan();
        batchNo++;
        if (way == Way.Whole)
        {
            PerformWhole(on, Groups(batch));
            return [];
        }
        using var transaction = on.BeginTransaction();   // sent with the statement that follows
        var failed = way == Way.Singly ? PerformSingly(on, batch, transaction) : PerformApart(on, batch);
        Broadcast(on, batch);
        Settle(transaction.Commit);
        return failed;
    }

    private void PerformWhole(PostgresSession on, List<Group> groups)
    {
        var isKnown = Settle(() => Run(on, batchNo, groups, isWhole: true));
        foreach (var (kind, requests) in groups)
        {
            if (isKnown) kind.Follow(requests, on.Statements);
            else Ask(next => kind.Recover(requests, next.Statements));
        }
    }

    private Dictionary<WriteRequest, Exception> PerformApart(PostgresSession on, List<WriteRequest> batch)
    {
        var groups = Groups(batch);
        // What ends a run under its lease comes after all that is written under it.
        var (before, after) = (groups.Where(group => !group.Kind.IsLast).ToList(), groups.Where(group => group.Kind.IsLast).ToList());
        var alone = batch.Where(request => request.Bulk is null).ToList();
        Run(on, batchNo, alone.Count == 0 ? groups : before, isWhole: false);
        foreach (var request in alone) request.Execute(on.Statements);
        if (alone.Count > 0) Run(on, null, after, isWhole: false);
        foreach (var (kind, requests) in groups) kind.Follow(requests, on.Statements);
        return [];
    }

    private Dictionary<WriteRequest, Exception> PerformSingly(PostgresSession on, List<WriteRequest> batch, NpgsqlTransaction transaction)
    {
        var failed = new Dictionary<WriteRequest, Exception>();
        Run(on, batchNo, [], isWhole: false);
        foreach (var request in batch)
        {
            transaction.Save("request");
            try
            {
                request.Execute(on.Statements);
                transaction.Release("request");
            }
            catch (Exception e) when (!IsOfConnection(e) && (e is not NpgsqlException server || !PostgresErrors.IsStorageFailure(server)))
            {
                failed[request] = e;
                transaction.Rollback("request");
            }
        }
        return failed;
    }

    private static List<Group> Groups(List<WriteRequest> batch) =>
        [.. batch.Where(request => request.Bulk is not null).GroupBy(request => request.Bulk!).OrderBy(group => group.Key.IsLast).Select(group => new Group(group.Key, [.. group]))];

    /// <summary>Commits. Where the answer is lost, the next connection tells whether it took place: by then it has, or never will.</summary>
    /// <returns>False when it did, though its answer was lost.</returns>
    /// <exception cref="StorageUnavailableException">It did not.</exception>
    private bool Settle(Action commit)
    {
        try
        {
            commit();
            return true;
        }
        catch (Exception e) when (IsOfConnection(e) || (e is NpgsqlException server && PostgresErrors.LeavesOpen(server)))
        {
            Disconnect();
            var committedNo = 0L;
            Ask(next => committedNo = next.CommittedNo);
            return committedNo == batchNo ? false : throw new StorageUnavailableException($"{name} does not answer: the connection broke during a commit, which did not take place.", e);
        }
    }

    /// <summary>Sends statements together and reads what each gave: one round trip.</summary>
    /// <param name="marks">The number of the transaction, to be marked first; null where that is done.</param>
    private static void Run(PostgresSession on, long? marks, List<Group> groups, bool isWhole)
    {
        using var commands = on.NewBatch(marks);
        foreach (var (kind, requests) in groups)
        {
            var command = new NpgsqlBatchCommand(kind.Sql);
            kind.Bind(requests, isWhole, new BulkParameters(command.Parameters));
            commands.BatchCommands.Add(command);
        }
        if (commands.BatchCommands.Count == 0) return;
        using (var reader = commands.ExecuteReader())
        {
            foreach (var (kind, requests) in groups.Where(group => group.Kind.HasRows))
            {
                kind.Read(requests, reader);
                reader.NextResult();
            }
        }
        foreach (var (kind, requests) in groups.Where(group => !group.Kind.HasRows)) kind.Done(requests);
    }

    /// <summary>Tells other nodes: once for the whole batch, and only should it be committed.</summary>
    private void Broadcast(PostgresSession on, List<WriteRequest> batch)
    {
        HashSet<string>? news = null;
        foreach (var request in batch)
        {
            if (request.Broadcast is { } lines) (news ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(lines);
        }
        if (news is null) return;
        var text = string.Join('\n', news);
        on.Statements["SELECT pg_notify('baton.' || current_schema(), $1)"].Bind(1, $"from {node}\n{(text.Length > MaxNews ? "*" : text)}").Execute();
    }

    /// <summary>Asks until it is answered, whatever becomes of the server meanwhile.</summary>
    private void Ask(Action<PostgresSession> question)
    {
        for (var wait = TimeSpan.FromMilliseconds(50); ; wait = wait < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                question(Connect());
                return;
            }
            catch (Exception) when (!loop.IsStopping)   // nothing but an answer ends the question
            {
                Disconnect();
                loop.Pause(wait);
            }
        }
    }

    private bool IsOpen => session is { IsOpen: true };

    private bool IsOfConnection(Exception e) => !IsOpen || PostgresErrors.IsBroken(e);

    private PostgresSession Connect()
    {
        if (session is { IsOpen: true } open) return open;
        Disconnect();
        return session = PostgresSession.Open(source, name, node, lane);
    }

    private void Disconnect()
    {
        session?.Dispose();
        session = null;
    }

    private sealed record Group(BulkWrite Kind, List<WriteRequest> Requests);
}
