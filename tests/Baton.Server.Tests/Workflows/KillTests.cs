using System.Collections.Concurrent;
using Baton.Client;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Tests.Workflows;

/// <summary>The promise itself: a server that is killed repeats nothing whose outcome it had recorded.</summary>
public sealed class KillTests
{
    private const int Items = 1_000;

    [Fact]
    public async Task A_server_that_is_killed_three_times_repeats_no_item_whose_outcome_is_recorded()
    {
        using var folder = new TemporaryFolder();
        var calls = new ConcurrentDictionary<string, int>();
        var total = 0;
        var milestone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var next = 200;
        await using var counter = await WebServer.StartAsync(async http =>
        {
            calls.AddOrUpdate(http.Request.Headers["Idempotency-Key"].ToString(), 1, (_, before) => before + 1);
            if (Interlocked.Increment(ref total) == Volatile.Read(ref next)) milestone.TrySetResult();
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("""{"ok":true}""");
        });
        var database = folder["baton.db"];
        var (baton, address) = await BatonProcess.ServeAsync(folder.Path, database);
        string run;
        using (var first = BatonProcess.Connect(address))
        {
            var client = new BatonClient(first);
            await client.Workflows.RegisterAsync(TestServer.Document("many", $$"""
                do:
                  - all:
                      call: map
                      with:
                        in: '[range({{Items}})]'
                        parallel: 16
                        do: [ { count: { call: http, with: { method: post, endpoint: '{{counter["/count"]}}', body: { item: '${ $item }' } } } } ]
                """), revise: false, TestContext.Current.CancellationToken);
            run = (await client.Runs.StartAsync(new StartRun("test/many"), null, TestContext.Current.CancellationToken)).Id;
        }
        var recorded = new HashSet<string>();
        foreach (var killAt in (int[])[450, 700, 0])
        {
            await milestone.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            await baton.KillAsync();
            await baton.DisposeAsync();
            // What the dead process had recorded: those keys may not be called again, by any later life.
            var before = calls.ToDictionary();
            recorded = Recorded(database, run);
            Assert.NotEmpty(recorded);
            Assert.True(recorded.Count < Items, "The run was over before it was killed.");
            milestone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref next, killAt == 0 ? -1 : killAt);
            (baton, address) = await BatonProcess.ServeAsync(folder.Path, database);
            if (killAt == 0)
            {
                using var http = BatonProcess.Connect(address);
                await foreach (var _ in new BatonClient(http).Runs.EventsAsync(run, TimeProvider.System, TestContext.Current.CancellationToken))
                {
                }
                var result = await new BatonClient(http).Runs.ResultAsync(run, TestContext.Current.CancellationToken);
                Assert.Equal("completed", result.State);
                Assert.Equal(Items, result.Output!.Value.GetArrayLength());
            }
            else await milestone.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            Assert.DoesNotContain(recorded, key => calls[Key(run, key)] != before[Key(run, key)]);
        }
        await baton.DisposeAsync();
        Assert.Equal(Items, calls.Count);
        Assert.InRange(calls.Values.Sum(), Items, Items + (3 * 16));
    }

    private static string Key(string run, string step) => $"{run}/{step}";

    private static HashSet<string> Recorded(string database, string run)
    {
        SqliteLibrary.Use();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT j.key FROM journal j JOIN runs r ON r.no = j.run_no WHERE r.id = $run AND j.kind = 2 AND j.key LIKE '%]'";
        command.Parameters.AddWithValue("$run", run);
        using var reader = command.ExecuteReader();
        var keys = new HashSet<string>();
        while (reader.Read()) keys.Add(reader.GetString(0));
        return keys;
    }
}
