using System.Data;
using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// One of the writers on PostgreSQL: takes what has queued and commits it in one transaction. Requests of one kind go as one statement over arrays.
/// </summary>
/// <remarks>
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

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource source;
    private readonly string name, node;
    private readonly int lane;
    private readonly CommitLoop loop;
    private NpgsqlConnection? connection;
    private PostgresStatements? statements;
    private long batchNo = Random.Shared.NextInt64(long.MaxValue / 2);   // no two processes of one node mark alike
    private int performed, replanAt;

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
        var careful = false;
        for (var conflicts = 0; ;)
        {
            try
            {
                var failed = Perform(batch, careful);
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
            catch (Exception) when (!careful)
            {
                careful = true;   // one of them failed by itself: now each on its own, so that it alone fails
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

    /// <summary>One transaction.</summary>
    /// <param name="careful">True to take every request on its own, with a savepoint.</param>
    /// <returns>The requests that failed by themselves; only when careful.</returns>
    private Dictionary<WriteRequest, Exception> Perform(List<WriteRequest> batch, bool careful)
    {
        Connect();
        Replan();
        var failed = new Dictionary<WriteRequest, Exception>();
        using var transaction = connection!.BeginTransaction();   // sent with the statement that follows
        batchNo++;
        var groups = batch.Where(request => request.Bulk is not null).GroupBy(request => request.Bulk!).OrderBy(group => group.Key.IsLast).Select(group => (Kind: group.Key, Requests: group.ToList())).ToList();
        if (careful) groups = [.. groups.SelectMany(group => group.Requests, (group, request) => (group.Kind, new List<WriteRequest> { request }))];
        // What ends a run under its lease comes after all that is written under it.
        var before = groups.Where(group => !group.Kind.IsLast).ToList();
        var after = groups.Where(group => group.Kind.IsLast).ToList();
        var alone = batch.Where(request => request.Bulk is null).ToList();
        if (careful)
        {
            Run(MarkCommand(), []);
            foreach (var group in before) Guarded(group.Requests[0], () => RunBulk(group));
            foreach (var request in alone) Guarded(request, () => request.Execute(statements!));
            foreach (var group in after) Guarded(group.Requests[0], () => RunBulk(group));
        }
        else
        {
            Run(MarkCommand(), alone.Count == 0 ? groups : before);
            foreach (var request in alone) request.Execute(statements!);
            if (alone.Count > 0 && after.Count > 0) Run(null, after);
            foreach (var (kind, requests) in groups) kind.Follow(requests, statements!);
        }
        Broadcast(batch);
        try
        {
            transaction.Commit();
        }
        catch (Exception e) when (IsOfConnection(e) || (e is NpgsqlException server && PostgresErrors.IsLost(server)))
        {
            Disconnect();
            if (!WasCommitted()) throw new StorageUnavailableException($"{name} does not answer: the connection broke during a commit, which did not take place.", e);
        }
        return failed;

        void RunBulk((BulkWrite Kind, List<WriteRequest> Requests) group)
        {
            Run(null, [group]);
            group.Kind.Follow(group.Requests, statements!);
        }

        void Guarded(WriteRequest request, Action execute)
        {
            transaction.Save("request");
            try
            {
                execute();
                transaction.Release("request");
            }
            catch (Exception e) when (!IsOfConnection(e) && (e is not NpgsqlException server || !PostgresErrors.IsStorageFailure(server)))
            {
                failed[request] = e;
                transaction.Rollback("request");
            }
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
    private void Run(NpgsqlBatchCommand? first, List<(BulkWrite Kind, List<WriteRequest> Requests)> groups)
    {
        using var commands = new NpgsqlBatch(connection);
        if (first is not null) commands.BatchCommands.Add(first);
        foreach (var (kind, requests) in groups)
        {
            var command = new NpgsqlBatchCommand(kind.Sql);
            kind.Bind(requests, new BulkParameters(command.Parameters));
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
        for (var (at, i) = (first is null ? 0 : 1, 0); i < groups.Count; i++)
        {
            if (!groups[i].Kind.HasRows) groups[i].Kind.Done(groups[i].Requests, commands.BatchCommands[at + i].RecordsAffected);
        }
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

    /// <summary>Asks until it is known, whatever becomes of the server meanwhile.</summary>
    private bool WasCommitted()
    {
        for (var wait = TimeSpan.FromMilliseconds(50); ; wait = wait < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                Connect();
                var find = statements![Marked].Bind(1, node).Bind(2, lane);
                if (!find.Step()) return false;
                var found = find.Long(0) == batchNo;
                find.Reset();
                return found;
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

    private bool IsOfConnection(Exception e) => !IsOpen || e is ObjectDisposedException or IOException or TimeoutException;

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
}
