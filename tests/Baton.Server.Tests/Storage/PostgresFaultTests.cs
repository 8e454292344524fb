using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Tests.Storage;

/// <summary>Connections that break at any moment, and a server that dies.</summary>
public sealed class PostgresFaultTests
{
    [Fact]
    public async Task What_is_acknowledged_is_stored_once_and_what_is_refused_is_not_stored_however_connections_break()
    {
        var direct = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
        await using var proxy = new CuttingProxy(int.Parse(direct.Hosts.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        await using var stores = Stores.At(PostgresCluster.Url(direct.Schema, "postgres", proxy.Port));
        var leases = new List<RunLease>();
        for (var i = 0; i < 20; i++) leases.Add(await stores.StartOwnedAsync());
        var (stored, refused) = (new List<(RunId, long)>(), 0);
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
        var random = new Random(7);
        while (!writing.IsCompleted)
        {
            proxy.Cut();
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromMilliseconds(random.Next(1, 40)), TimeProvider.System, TestContext.Current.CancellationToken));
        }
        await writing;
        foreach (var lease in leases)
        {
            var history = await HistoryAsync(stores, lease);
            Assert.Equal(stored.Where(one => one.Item1 == lease.Run).Select(one => one.Item2).Order(), history.Entries.Skip(1).Select(entry => entry.Seq));
        }
        Assert.True(refused > 0, "No connection broke: the test has tested nothing.");
        Assert.True(stored.Count > 0);
    }

    [Fact]
    public async Task Whatever_a_run_reads_is_the_storages_fault_while_it_is_away()
    {
        var direct = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
        await using var proxy = new CuttingProxy(int.Parse(direct.Hosts.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
        await using var stores = Stores.At(PostgresCluster.Url(direct.Schema, "postgres", proxy.Port));
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
            var direct = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
            await using var proxy = new CuttingProxy(int.Parse(direct.Hosts.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));
            var opening = Task.Run(async () =>
            {
                await using var database = Database.Open(PostgresCluster.Url(direct.Schema, "postgres", proxy.Port), new StorageOptions(), "node");
            });
            while (proxy.Open == 0 && !opening.IsCompleted) await Task.Yield();
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
            while (Volatile.Read(ref last) < before + 50) await Task.Yield();
            await cluster.RestartImmediateAsync(TestContext.Current.CancellationToken);
        }
        var reached = Volatile.Read(ref last);
        while (Volatile.Read(ref last) < reached + 50) await Task.Yield();
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

    private static async Task<RunHistory> HistoryAsync(Stores stores, RunLease lease)
    {
        while (true)
        {
            try
            {
                return (await stores.Journal.ReadAsync(lease, CancellationToken.None))!;
            }
            catch (StorageUnavailableException)
            {
                await Task.Yield();   // the last broken connections leave the pool
            }
        }
    }
}
