using System.Data;
using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// One of the writers on PostgreSQL: takes what has queued and commits it in one transaction. Requests of one kind go as one statement over arrays.
/// </summary>
/// <remarks>
/// Where nothing has to follow the statements, they are sent in one round trip without BEGIN and COMMIT, and the server makes one transaction of them: with a
/// commit sent separately, every batch would wait once more for the writer's thread to wake.
/// Each transaction begins by marking the lane's row. The row is locked until the end: whoever takes over this node's runs locks it too, and so
/// finds every write either done or refused. And it tells after a lost connection whether a commit, whose answer was lost with it, took place.
/// </remarks>
internal sealed class PostgresLane : IDisposable
{
    /// <summary>Most characters that nodes are told at once, below what PostgreSQL allows.</summary>
    private const int MaxNews = 7_000;

    /// <summary>Attempts at a transaction that meets others.</summary>
    private const int MaxConflicts = 10;

    private const string Mark = "INSERT INTO writers (node, lane, batch) VALUES ($1, $2, $3) ON CONFLICT (node, lane) DO UPDATE SET batch = excluded.batch";

    private const string Marked = "SELECT batch FROM writers WHERE node = $1 AND lane = $2 FOR UPDATE";

    /// <summary>Writers look rows up by their keys and nothing else: plans that read whole tables, made while those were small, must not survive their growth.</summary>
    private const string Session = """
        SET statement_timeout = 0; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET random_page_cost = 0.01;
        SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)
        """;

    /// <summary>Plans are made anew after so many transactions, and whenever their number has doubled since: those of a small table are wrong for a large one.</summary>
    private const int FirstPlans = 16;

    /// <summary>After a whole batch was refused, so many are committed in two steps: in some loads every end has something to follow.</summary>
    private const int ApartFor = 100;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource source;
    private readonly string name, node;
    private readonly int lane;
    private readonly CommitLoop loop;
    private NpgsqlConnection? connection;
    private PostgresStatements? statements;
    private long batchNo = Random.Shared.NextInt64(long.MaxValue / 2);   // no two processes of one node mark alike
    // Never whole yet: a batch whose answer is lost before the server has read it is asked for too early, and may be committed after it was refused.
    private int performed, replanAt, apart = int.MaxValue;

    public PostgresLane(NpgsqlDataSource source, string name, string node, int lane)
    {
        (this.source, this.name, this.node, this.lane) = (source, name, node, lane);
        loop = new CommitLoop($"baton-writer-{lane}", name, Commit);
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
        if (isQuiet && apart is > 0 and < int.MaxValue) apart--;
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
        Connect();
        Replan();
        batchNo++;
        if (way == Way.Whole)
        {
            PerformWhole(Groups(batch));
            return [];
        }
        using var transaction = connection!.BeginTransaction();   // sent with the statement that follows
        var failed = way == Way.Singly ? PerformSingly(batch, transaction) : PerformApart(batch);
        Broadcast(batch);
        Settle(transaction.Commit);
        return failed;
    }

    private void PerformWhole(List<Group> groups)
    {
        var isKnown = Settle(() => Run(MarkCommand(), groups, isWhole: true));
        foreach (var (kind, requests) in groups)
        {
            if (!isKnown) Ask(() => kind.Recover(requests, statements!));
            kind.Follow(requests, statements!);
        }
    }

    private Dictionary<WriteRequest, Exception> PerformApart(List<WriteRequest> batch)
    {
        var groups = Groups(batch);
        // What ends a run under its lease comes after all that is written under it.
        var (before, after) = (groups.Where(group => !group.Kind.IsLast).ToList(), groups.Where(group => group.Kind.IsLast).ToList());
        var alone = batch.Where(request => request.Bulk is null).ToList();
        Run(MarkCommand(), alone.Count == 0 ? groups : before, isWhole: false);
        foreach (var request in alone) request.Execute(statements!);
        if (alone.Count > 0) Run(null, after, isWhole: false);
        foreach (var (kind, requests) in groups) kind.Follow(requests, statements!);
        return [];
    }

    private Dictionary<WriteRequest, Exception> PerformSingly(List<WriteRequest> batch, NpgsqlTransaction transaction)
    {
        var failed = new Dictionary<WriteRequest, Exception>();
        Run(MarkCommand(), [], isWhole: false);
        foreach (var request in batch)
        {
            transaction.Save("request");
            try
            {
                request.Execute(statements!);
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

    /// <summary>Commits. A commit whose answer was lost is asked for until it is known whether it took place.</summary>
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
            var wasCommitted = false;
            Ask(() => wasCommitted = IsMarked());
            return wasCommitted ? false : throw new StorageUnavailableException($"{name} does not answer: the connection broke during a commit, which did not take place.", e);
        }
    }

    private void Replan()
    {
        if (++performed < replanAt) return;
        replanAt *= 2;
        statements!.RunScript("DISCARD PLANS");
    }

    private NpgsqlBatchCommand MarkCommand() => new(Mark) { Parameters = { new NpgsqlParameter<string> { TypedValue = node }, new NpgsqlParameter<int> { TypedValue = lane }, new NpgsqlParameter<long> { TypedValue = batchNo } } };

    /// <summary>Sends statements together and reads what each gave: one round trip.</summary>
    private void Run(NpgsqlBatchCommand? first, List<Group> groups, bool isWhole)
    {
        using var commands = new NpgsqlBatch(connection);
        if (first is not null) commands.BatchCommands.Add(first);
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
    private void Broadcast(List<WriteRequest> batch)
    {
        HashSet<string>? news = null;
        foreach (var request in batch)
        {
            if (request.Broadcast is { } lines) (news ??= new HashSet<string>(StringComparer.Ordinal)).UnionWith(lines);
        }
        if (news is null) return;
        var text = string.Join('\n', news);
        statements!["SELECT pg_notify('baton.' || current_schema(), $1)"].Bind(1, $"from {node}\n{(text.Length > MaxNews ? "*" : text)}").Execute();
    }

    private bool IsMarked()
    {
        var find = statements![Marked].Bind(1, node).Bind(2, lane);
        if (!find.Step()) return false;
        var found = find.Long(0) == batchNo;
        find.Reset();
        return found;
    }

    /// <summary>Asks until it is answered, whatever becomes of the server meanwhile.</summary>
    private void Ask(Action question)
    {
        for (var wait = TimeSpan.FromMilliseconds(50); ; wait = wait < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                Connect();
                question();
                return;
            }
            catch (Exception) when (!loop.IsStopping)   // nothing but an answer ends the question
            {
                Disconnect();
                loop.Pause(wait);
            }
        }
    }

    /// <summary>A server that dies can leave a connection that no error has spoken of.</summary>
    private bool IsOpen => connection is { State: ConnectionState.Open };

    private bool IsOfConnection(Exception e) => !IsOpen || PostgresErrors.IsBroken(e);

    private void Connect()
    {
        if (IsOpen) return;
        Disconnect();
        var opened = default(NpgsqlConnection);
        try
        {
            opened = source.OpenConnection();
            using var session = new NpgsqlCommand(Session, opened);
            session.ExecuteNonQuery();
            (connection, statements) = (opened, new PostgresStatements(opened));
            (performed, replanAt) = (0, FirstPlans);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            opened?.Dispose();
            throw e is NpgsqlException server ? PostgresErrors.Explain(server, name) : new StorageUnavailableException($"{name} does not answer: {e.Message}", e);
        }
    }

    private void Disconnect()
    {
        statements?.Dispose();
        if (connection is { } broken)
        {
            NpgsqlConnection.ClearPool(broken);   // what shares its fate is not to be handed out again
            broken.Dispose();
        }
        (connection, statements) = (null, null);
    }

    private sealed record Group(BulkWrite Kind, List<WriteRequest> Requests);
}
