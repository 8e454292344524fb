using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Baton.Server.Workflows;

namespace Baton.Server.Tests.Storage;

/// <summary>Connections that break at any moment, and a server that dies.</summary>
public sealed class PostgresFaultTests
{
    [Fact]
    public async Task What_is_acknowledged_is_stored_once_and_what_is_refused_is_not_stored_however_connections_break()
    {
        var (proxy, address) = await BehindProxyAsync();
        await using var cut = proxy;
        await using var stores = Stores.At(address);
        var leases = new List<RunLease>();
        for (var i = 0; i < 20; i++) leases.Add(await stores.StartOwnedAsync());
        var (stored, refused) = (new List<(RunId, long)>(), 0);
        proxy.CutAfter(SometimesSoon());
        var writing = Task.WhenAll(leases.Select(async lease =>
        {
            await Task.Yield();
            for (var seq = 1L; seq <= 150; seq++)
            {
                try
                {
                    Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(seq)), "A lease that nobody took is held.");
                    lock (stored) stored.Add((lease.Run, seq));
                }
                catch (StorageUnavailableException)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }));
        await writing;
        proxy.CutAfter(null);
        foreach (var lease in leases)
        {
            var history = await HistoryAsync(stores, lease);
            Assert.Equal(stored.Where(one => one.Item1 == lease.Run).Select(one => one.Item2).Order(), history.Entries.Skip(1).Select(entry => entry.Seq));
        }
        Assert.True(refused > 0, "No connection broke: the test has tested nothing.");
        Assert.True(stored.Count > 0);
    }

    [Fact]
    public async Task A_run_has_started_or_ended_exactly_when_that_is_acknowledged_however_connections_break()
    {
        var (proxy, address) = await BehindProxyAsync();
        await using var cut = proxy;
        await using var stores = Stores.At(address);
        var (states, refused) = (new System.Collections.Concurrent.ConcurrentDictionary<RunId, string?>(), 0);
        proxy.CutAfter(SometimesSoon());
        var writing = Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            await Task.Yield();
            for (var i = 0; i < 60; i++)
            {
                var run = stores.New();
                try
                {
                    var lease = ((StartResult.Started)await stores.Runs.StartAsync(Stores.Tenant, run, "node")).Lease!;
                    states[run.Id] = "running";
                    Assert.True(await stores.Journal.AppendAsync(lease, new JournalEntry.StateChanged(1, stores.Time.GetUtcNow(), RunState.Completed, "1"u8.ToArray(), null)), "A lease that nobody took is held.");
                    states[run.Id] = "completed";
                }
                catch (StorageUnavailableException)
                {
                    states.TryAdd(run.Id, null);
                    Interlocked.Increment(ref refused);
                }
            }
        }));
        await writing;
        proxy.CutAfter(null);
        foreach (var (run, state) in states) Assert.Equal(state, (await FindAsync(stores, run))?.State);
        Assert.True(refused > 0, "No connection broke: the test has tested nothing.");
        Assert.Contains("completed", states.Values);
    }

    [Fact]
    public async Task A_start_that_the_server_reads_only_after_it_was_refused_is_not_stored()
    {
        var (proxy, address) = await BehindProxyAsync();
        await using var cut = proxy;
        await using var stores = Stores.At(address);
        var (first, late) = (await stores.StartOwnedAsync(), stores.New());
        proxy.Hold();
        var starting = stores.Runs.StartAsync(Stores.Tenant, late, "node").AsTask();
        await Eventually.IsTrueAsync(() => proxy.Held > 0);
        proxy.LoseClients();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => starting);
        await ReleaseAsync(proxy);
        Assert.Null(await FindAsync(stores, late.Id));
        Assert.NotNull(await FindAsync(stores, first.Run));
        Assert.True(await stores.Journal.AppendAsync(first, stores.Step(1)));
    }

    [Fact]
    public async Task A_start_that_the_server_reads_only_after_its_node_was_taken_over_is_not_stored()
    {
        var (proxy, address) = await BehindProxyAsync();
        await using var cut = proxy;
        await using var stores = Stores.At(address);
        await using var other = Stores.At(PostgresCluster.Url(PostgresAddress.Parse(address).Schema, "postgres", proxy.Target), "other");
        await new NodeStore(stores.Database, stores.Time).RegisterAsync(new Node("node"), _ => 0);
        var (first, late) = (await stores.StartOwnedAsync(), stores.New());
        proxy.Hold();
        var starting = stores.Runs.StartAsync(Stores.Tenant, late, "node").AsTask();
        await Eventually.IsTrueAsync(() => proxy.Held > 0);
        proxy.Refuse();   // as if its process were dead
        proxy.LoseClients();
        Assert.NotNull(await new NodeStore(other.Database, other.Time).TakeOverAsync("node", TimeSpan.FromSeconds(-1), _ => 0, () => null));
        await ReleaseAsync(proxy);
        Assert.Null(await FindAsync(other, late.Id));
        Assert.NotNull(await FindAsync(other, first.Run));
        proxy.Resume();
        await Assert.ThrowsAsync<StorageUnavailableException>(() => starting);
    }

    [Fact]
    public async Task A_node_that_was_taken_for_dead_writes_on_once_it_comes_back()
    {
        var address = await Postgres.NewSchemaAsync();
        await using var stores = Stores.At(address);
        await using var other = Stores.At(address, "other");
        await new NodeStore(stores.Database, stores.Time).RegisterAsync(new Node("node"), _ => 0);
        var lease = await stores.StartOwnedAsync();
        Assert.NotNull(await new NodeStore(other.Database, other.Time).TakeOverAsync("node", TimeSpan.FromSeconds(-1), _ => 0, () => null));
        Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(1)));
        Assert.NotNull(await stores.StartOwnedAsync());
    }

    [Fact]
    public async Task Whatever_a_run_reads_is_the_storages_fault_while_it_is_away()
    {
        var (proxy, address) = await BehindProxyAsync();
        await using var cut = proxy;
        await using var stores = Stores.At(address);
        var lease = await stores.StartOwnedAsync();
        proxy.Refuse();
        proxy.Cut();
        var cancel = TestContext.Current.CancellationToken;
        foreach (var read in new Func<Task>[]
        {
            () => stores.Journal.ReadAsync(lease, cancel).AsTask(), () => stores.Journal.ReadInboxAsync(lease, 0, cancel).AsTask(), () => stores.Runs.AskedAsync(lease),
            () => stores.Definitions.GetAsync(Stores.Tenant, Stores.Workflow, cancel), () => stores.Definitions.NewestAsync(Stores.Tenant, "test", "flow", cancel),
            () => stores.Definitions.VersionsAsync(Stores.Tenant, "test", "flow", cancel), () => stores.Definitions.ListAsync(Stores.Tenant, Stores.Workflow, 10, cancel),
        })
        {
            await Assert.ThrowsAsync<StorageUnavailableException>(read);
        }
    }

    [Fact]
    public async Task A_start_whose_connection_breaks_at_any_moment_says_that_the_storage_is_away()
    {
        var refused = 0;
        for (var moment = 0; moment < 25; moment++)
        {
            var (proxy, address) = await BehindProxyAsync();
            await using var cut = proxy;
            var opening = Task.Run(async () =>
            {
                await using var database = Database.Open(address, new StorageOptions(), "node");
            });
            await Eventually.IsTrueAsync(() => proxy.Open > 0 || opening.IsCompleted);
            await Task.WhenAny(opening, Task.Delay(TimeSpan.FromMilliseconds(2 * moment), TimeProvider.System, TestContext.Current.CancellationToken));
            proxy.Refuse();
            proxy.Cut();
            try
            {
                await opening;
            }
            catch (StorageUnavailableException)
            {
                refused++;
            }
        }
        Assert.True(refused > 0, "No start was broken: the test has tested nothing.");
    }

    [Fact]
    public async Task A_server_that_dies_and_comes_back_loses_nothing_acknowledged()
    {
        PostgresCluster cluster;
        try
        {
            cluster = await PostgresCluster.StartAsync(cancel: TestContext.Current.CancellationToken);
        }
        catch (PostgresMissingException e)
        {
            Assert.Skip(e.Message);
            return;
        }
        await using var owned = cluster;
        await using var stores = Stores.At(cluster.ConnectionUrl());
        var lease = await stores.StartOwnedAsync();
        var (stop, last) = (false, 0L);
        var writing = WriteAsync();
        for (var round = 0; round < 2; round++)
        {
            var before = Volatile.Read(ref last);
            await Eventually.IsTrueAsync(() => Volatile.Read(ref last) >= before + 50 || writing.IsFaulted);
            await cluster.RestartImmediateAsync(TestContext.Current.CancellationToken);
        }
        var reached = Volatile.Read(ref last);
        await Eventually.IsTrueAsync(() => Volatile.Read(ref last) >= reached + 50 || writing.IsFaulted);
        Volatile.Write(ref stop, true);
        await writing;
        var history = await HistoryAsync(stores, lease);
        Assert.Equal(Enumerable.Range(1, (int)last).Select(seq => (long)seq), history.Entries.Skip(1).Select(entry => entry.Seq));

        async Task WriteAsync()
        {
            await Task.Yield();
            for (var seq = 1L; !Volatile.Read(ref stop); seq++)
            {
                while (true)
                {
                    try
                    {
                        Assert.True(await stores.Journal.AppendAsync(lease, stores.Step(seq)));
                        Volatile.Write(ref last, seq);
                        break;
                    }
                    catch (StorageUnavailableException)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
                    }
                }
            }
        }
    }

    /// <summary>Between the first bytes of a connection and several batches.</summary>
    private static Func<int> SometimesSoon()
    {
        var random = new Random(7);
        return () => random.Next(1, 40_000);
    }

    /// <summary>A new schema, and a proxy to it.</summary>
    private static async Task<(CuttingProxy Proxy, string Address)> BehindProxyAsync()
    {
        var direct = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
        var proxy = new CuttingProxy(int.Parse(direct.Hosts.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        return (proxy, PostgresCluster.Url(direct.Schema, "postgres", proxy.Port));
    }

    /// <summary>Has the server read what was held from it, and waits until it is done with that.</summary>
    private static async Task ReleaseAsync(CuttingProxy proxy)
    {
        var ended = proxy.Ended;
        proxy.Release();
        await Eventually.IsTrueAsync(() => proxy.Ended > ended);
    }

    private static async Task<RunHistory> HistoryAsync(Stores stores, RunLease lease) => (await AnsweredAsync(() => stores.Journal.ReadAsync(lease, CancellationToken.None).AsTask()))!;

    private static Task<RunRow?> FindAsync(Stores stores, RunId run) => AnsweredAsync(() => stores.Queries.FindAsync(Stores.Tenant, run, CancellationToken.None).AsTask());

    /// <summary>The last broken connections leave the pool.</summary>
    private static async Task<T> AnsweredAsync<T>(Func<Task<T>> read)
    {
        var answer = default(T);
        await Eventually.IsTrueAsync(
            async () =>
            {
                try
                {
                    answer = await read();
                    return true;
                }
                catch (Exception e) when (e is StorageUnavailableException or Npgsql.NpgsqlException or IOException)
                {
                    return false;
                }
            },
            "the storage is back");
        return answer!;
    }
}
