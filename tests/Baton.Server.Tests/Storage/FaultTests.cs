using System.Runtime.Versioning;
using Baton.Engine;
using Baton.Server.Storage;
using Baton.Server.Tests.Support;
using Microsoft.Data.Sqlite;

namespace Baton.Server.Tests.Storage;

/// <summary>Disks that are full, files that are locked, damaged or none.</summary>
public sealed class FaultTests
{
    [Fact]
    public async Task On_a_full_disk_nothing_acknowledged_is_lost_and_work_goes_on_when_there_is_room()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("waits", "do: [ { hear: { listen: { to: { one: { with: { type: go } } } } } } ]");
        var first = await server.StartRunAsync("waits");
        await server.StateAsync(first, "waiting");
        var database = server.Get<Database>();
        await ExecuteAsync(database, "PRAGMA max_page_count = 1");   // as many pages as there are, and no more
        var acknowledged = new List<string>();
        Answer answer;
        do
        {
            answer = await server.PostAsync("/api/v1/runs", $$"""{"workflow":"test/waits","input":"{{new string('x', 30_000)}}"}""");
            if (answer.Status == 202) acknowledged.Add(answer["id"].GetString()!);
        }
        while (answer.Status == 202);
        Assert.Contains("is full", answer.Problem(503).GetProperty("detail").GetString());
        Assert.NotNull(answer.Headers.RetryAfter);
        (await server.GetAsync($"/api/v1/runs/{first}")).Ok();   // what is there can be read
        await FreeAsync(database);
        foreach (var run in acknowledged.Prepend(first)) await server.StateAsync(run, "waiting");
        (await server.PostAsync("/api/v1/events", """{"type":"go"}""")).Ok(202);
        foreach (var run in acknowledged.Prepend(first)) Assert.Equal("completed", (await server.EndAsync(run)).State);
        await server.WorksAsync();
    }

    [Fact]
    public async Task A_run_whose_write_meets_a_full_disk_waits_and_completes()
    {
        var database = new TaskCompletionSource<Database>(TaskCreationOptions.RunContinuationsAsynchronously);
        var performed = 0;
        var filler = CodeWorkflow.Of(new WorkflowRef("test", "filler", "1.0.0"), () => new Filler(async () =>
        {
            if (Interlocked.Increment(ref performed) == 1) await ExecuteAsync(await database.Task, "PRAGMA max_page_count = 1");
            return new string('x', 200_000);
        }));
        await using var server = await TestServer.StartAsync(filler);
        database.SetResult(server.Get<Database>());
        var run = await server.StartRunAsync("filler");
        await Eventually.IsTrueAsync(() => server.Log.Lines.Any(line => line.Contains("is full", StringComparison.Ordinal)));
        await FreeAsync(server.Get<Database>());
        Assert.Equal("completed", (await server.EndAsync(run)).State);
        Assert.Equal(1, performed);   // the step's result was kept in memory: it is the write that is tried again
    }

    [Fact]
    public async Task A_database_that_another_program_locks_refuses_for_a_while_and_goes_on()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("one", "do: [ { a: { set: { n: 1 } } } ]");
        await using (var other = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = server.DatabaseName, Pooling = false }.ToString()))
        {
            await other.OpenAsync(TestContext.Current.CancellationToken);
            await using var begin = other.CreateCommand();
            begin.CommandText = "BEGIN EXCLUSIVE";
            await begin.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var refused = await server.PostAsync("/api/v1/runs", """{"workflow":"test/one"}""");
            Assert.Contains("is locked by another process", refused.Problem(503).GetProperty("detail").GetString());
        }
        await server.WorksAsync();
    }

    [Fact]
    public async Task A_database_of_a_running_server_is_in_use()
    {
        await using var server = await TestServer.StartAsync();
        using var home = new TemporaryFolder();
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["serve", "--port", "0", "--db", server.DatabaseName]);
        Assert.Equal((4, ""), (code, output));
        Assert.Contains($"{server.DatabaseName} is in use by process {Environment.ProcessId}", OneLine(error));
        await server.WorksAsync();
    }

    [Fact]
    public async Task A_database_has_one_holder_at_a_time_and_a_new_one_when_it_is_closed()
    {
        using var home = new TemporaryFolder();
        var first = SqliteDatabase.Open(home["baton.db"]);
        Assert.Throws<DatabaseInUseException>(() => SqliteDatabase.Open(home["baton.db"]));
        await first.DisposeAsync();
        await using (SqliteDatabase.Open(home["baton.db"]))
        {
        }
        Assert.Equal(["baton.db", "baton.db.lock"], Directory.EnumerateFiles(home.Path).Select(Path.GetFileName).Order());
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task What_is_stored_is_for_nobody_else_on_the_machine()
    {
        if (OperatingSystem.IsWindows()) return;   // its files have no modes
        using var home = new TemporaryFolder();
        const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (SqliteDatabase.Open(home["new/inner/baton.db"]))
        {
            Assert.Equal(Own | UnixFileMode.UserExecute, File.GetUnixFileMode(home["new/inner"]));
            foreach (var file in new[] { "baton.db", "baton.db-wal", "baton.db-shm" }) Assert.Equal(Own, File.GetUnixFileMode(home[$"new/inner/{file}"]));
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_folder_and_a_file_that_are_there_keep_the_modes_that_somebody_gave_them()
    {
        if (OperatingSystem.IsWindows()) return;   // its files have no modes
        using var home = new TemporaryFolder();
        await MakeAsync(home["baton.db"]);
        const UnixFileMode Shared = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
        File.SetUnixFileMode(home["baton.db"], Shared);
        File.SetUnixFileMode(home.Path, Shared | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
        await using var database = SqliteDatabase.Open(home["baton.db"]);
        Assert.Equal((Shared, Shared | UnixFileMode.UserExecute | UnixFileMode.GroupExecute), (File.GetUnixFileMode(home["baton.db"]), File.GetUnixFileMode(home.Path)));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_said()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "For a privileged user every file can be written.");
        using var home = new TemporaryFolder();
        await MakeAsync(home["baton.db"]);
        File.SetAttributes(home["baton.db"], FileAttributes.ReadOnly);
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["serve", "--port", "0", "--db", home["baton.db"]]);
        Assert.Equal((4, ""), (code, output));
        Assert.Contains("cannot be written", OneLine(error));
        File.SetAttributes(home["baton.db"], FileAttributes.Normal);
    }

    [Theory]
    [InlineData("nonsense", "is damaged or is not a Baton database")]
    [InlineData("header", "is damaged or is not a Baton database")]
    [InlineData("truncated", "is damaged or is not a Baton database")]
    [InlineData("folder", "is a folder")]
    [InlineData("newer", "Start the newer version")]
    [InlineData("below a file", "cannot be made")]
    [InlineData("another schema", "")]
    public async Task A_file_that_is_no_database_is_refused_in_one_line(string damage, string reason)
    {
        using var home = new TemporaryFolder();
        var path = home["baton.db"];
        if (damage is "header" or "truncated" or "newer") await MakeAsync(path);
        switch (damage)
        {
            case "nonsense": await File.WriteAllTextAsync(path, string.Concat(Enumerable.Repeat("This is not a database. ", 500)), TestContext.Current.CancellationToken); break;
            case "header": Overwrite(path, 0, 100); break;
            case "truncated":
                await using (var file = new FileStream(path, FileMode.Open)) file.SetLength(5_000);
                break;
            case "folder": Directory.CreateDirectory(path); break;
            case "below a file":
                await File.WriteAllTextAsync(path, "", TestContext.Current.CancellationToken);
                path = Path.Combine(path, "inner", "baton.db");
                break;
            case "newer": Execute(path, "PRAGMA user_version = 1000"); break;
            case "another schema": Execute(path, "CREATE TABLE runs (x)"); break;
        }
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["serve", "--port", "0", "--db", path]);
        Assert.Equal((4, ""), (code, output));
        Assert.Contains(path, OneLine(error) + (damage == "newer" ? path : ""));
        Assert.Contains(reason, error);
    }

    [Fact]
    public async Task A_page_that_is_damaged_is_said_and_does_not_end_the_server()
    {
        using var folder = new TemporaryFolder();
        var runs = new List<string>();
        await using (var server = await TestServer.StartAsync(new TestServer.Settings { Folder = folder }))
        {
            await server.RegisterAsync("big", "do: [ { a: { set: '${ . }' } } ]");
            for (var i = 0; i < 20; i++)
            {
                runs.Add(await server.StartRunAsync("big", $"\"{new string((char)('a' + i), 20_000)}\""));
                await server.EndAsync(runs[^1]);
            }
        }
        Assert.False(File.Exists(folder["baton.db-wal"]), "A server that stopped in order leaves one file, which can be copied.");
        // The root of the journal's index and table: nothing of a journal can be found without it.
        var page = long.Parse(Execute(folder["baton.db"], "SELECT rootpage FROM sqlite_schema WHERE name = 'journal'")!);
        Overwrite(folder["baton.db"], (page - 1) * 4096, 4096);
        await using var damaged = await TestServer.StartAsync(new TestServer.Settings { Folder = folder });
        Assert.Equal(20, (await damaged.GetAsync("/api/v1/runs")).Ok()["items"].GetArrayLength());
        Assert.Contains("cannot be read", (await damaged.GetAsync($"/api/v1/runs/{runs[0]}/journal")).Problem(503).GetProperty("detail").GetString());
        var write = await damaged.PostAsync("/api/v1/runs", """{"workflow":"test/big"}""");
        Assert.Contains("is damaged", write.Problem(503).GetProperty("detail").GetString());
        Assert.Equal("unhealthy", (await damaged.GetAsync("/health")).Ok(503)["status"].GetString());
    }

    private static string OneLine(string error)
    {
        Assert.DoesNotContain("   at ", error);
        return Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task MakeAsync(string path)
    {
        await using (SqliteDatabase.Open(path))
        {
        }
        SqliteConnection.ClearAllPools();
    }

    private static void Overwrite(string path, long from, int length)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.Seek(from, SeekOrigin.Begin);
        file.Write([.. Enumerable.Repeat((byte)0xa5, length)]);
    }

    private static string? Execute(string path, string sql)
    {
        SqliteLibrary.Use();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar()?.ToString();
    }

    /// <summary>Makes room again. A commit that also holds a run's next attempt may still meet the full disk, and is rolled back as a whole.</summary>
    private static async Task FreeAsync(Database database)
    {
        while (true)
        {
            try
            {
                await ExecuteAsync(database, "PRAGMA max_page_count = 1000000");
                return;
            }
            catch (StorageUnavailableException)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task ExecuteAsync(Database database, string sql) => await database.WriteAsync(statements =>
    {
        statements.RunScript(sql);
        return true;
    });

    private sealed class Filler(Func<Task<string>> effect) : IWorkflow<System.Text.Json.JsonElement, int>
    {
        public async Task<int> RunAsync(RunContext run, System.Text.Json.JsonElement input) => (await run.StepAsync("fill", _ => effect())).Length;
    }
}
