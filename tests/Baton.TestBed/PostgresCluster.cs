using System.Text.RegularExpressions;

namespace Baton.TestBed;

/// <summary>
/// A PostgreSQL server of its own, in a temporary folder and on a free port of 127.0.0.1: real, durable (fsync is on), and gone with the process that
/// started it. Whoever connects is its superuser <c>postgres</c>, without a password.
/// </summary>
public sealed partial class PostgresCluster : IAsyncDisposable
{
    private const string StandbyName = "standby";
    private const int Attempts = 5;
    private const uint SegmentBytes = 16 * 1024 * 1024;

    /// <summary>No socket outside the folder; shared memory in files, so that nothing is left when it is killed.</summary>
    private const string Settings = """
        listen_addresses = '127.0.0.1'
        unix_socket_directories = ''
        dynamic_shared_memory_type = mmap
        shared_buffers = 128MB
        max_connections = 200
        wal_level = replica
        max_wal_senders = 10
        wal_keep_size = 64MB
        fsync = on
        synchronous_commit = on
        log_line_prefix = '%m [%p] '
        """;

    private static readonly Lazy<Task<PostgresCluster>> shared = new(() => StartAsync());

    private readonly PostgresBinaries binaries;
    private readonly Watchdog watchdog;

    private PostgresCluster(PostgresBinaries binaries, string folder)
    {
        this.binaries = binaries;
        Folder = folder;
        var stop = string.Join(' ', binaries.Command("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop").Select(Quoted));
        // A postmaster that was paused hears nothing but SIGCONT.
        watchdog = new Watchdog($"""
            pid=$(head -1 {Quoted(Path.Combine(Data, "postmaster.pid"))}) && kill -CONT "$pid"
            {stop}
            rm -rf {Quoted(folder)}
            """);
    }

    /// <summary>Holds the data folder and the log; removed at the end.</summary>
    public string Folder { get; }

    public int Port { get; private set; }

    public string Data => Path.Combine(Folder, "data");

    /// <summary>What the server has logged.</summary>
    public string Log => Path.Combine(Folder, "log");

    /// <summary>The process id of its postmaster.</summary>
    public int ProcessId => int.Parse(File.ReadLines(PidFile).First());

    private string PidFile => Path.Combine(Data, "postmaster.pid");

    /// <summary>The one that all tests of this process share, started by the first who asks. Never stop or kill it: start another for that.</summary>
    /// <exception cref="PostgresMissingException">PostgreSQL is not installed.</exception>
    public static Task<PostgresCluster> SharedAsync() => shared.Value;

    /// <param name="under">The folder to make its own folder in; the temporary folder if null.</param>
    /// <exception cref="PostgresMissingException">PostgreSQL is not installed.</exception>
    public static async Task<PostgresCluster> StartAsync(string? under = null, CancellationToken cancel = default)
    {
        var cluster = await CreateAsync(PostgresBinaries.Find(), under, cancel);
        try
        {
            await cluster.RunAsync("initdb", ["-D", cluster.Data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"], cancel);
            await File.AppendAllTextAsync(Path.Combine(cluster.Data, "postgresql.conf"), Settings, cancel);
            await cluster.ListenAsync(cancel);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The address as <c>baton serve --db</c> takes it.</summary>
    /// <param name="standby">A second host, for whoever must find the primary after a failover.</param>
    public string ConnectionUrl(string database = "postgres", string? schema = null, PostgresCluster? standby = null) => Url(schema, database, standby is null ? [Port] : [Port, standby.Port]);

    /// <summary>The same by ports, such as those of a proxy before the server.</summary>
    public static string Url(string? schema, string database, params IEnumerable<int> ports) =>
        $"postgres://postgres@{string.Join(',', ports.Select(port => $"127.0.0.1:{port}"))}/{database}{(schema is null ? "" : $"?schema={schema}")}";

    /// <summary>Runs one statement with psql.</summary>
    /// <returns>The rows, a line each, columns parted by <c>|</c>.</returns>
    public async Task<IReadOnlyList<string>> QueryAsync(string sql, string database = "postgres", CancellationToken cancel = default)
    {
        var output = await Tool.RunAsync([Path.Combine(binaries.Folder, "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", $"{Port}", "-U", "postgres", "-d", database, "-c", sql], cancel);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>A new, empty database.</summary>
    public Task CreateDatabaseAsync(string name, CancellationToken cancel = default) => QueryAsync($"CREATE DATABASE \"{name}\"", cancel: cancel);

    /// <summary>Every server process ends at once, as after a crash; the next start recovers from the write-ahead log.</summary>
    public async Task RestartImmediateAsync(CancellationToken cancel = default)
    {
        await StopAsync(immediate: true, cancel);
        await StartAgainAsync(cancel);
    }

    /// <summary>Stops the server; its folder stays, <see cref="StartAgainAsync"/> goes on with it.</summary>
    /// <param name="immediate">As after a crash, instead of in order.</param>
    public Task StopAsync(bool immediate = false, CancellationToken cancel = default) => RunAsync("pg_ctl", ["-D", Data, "-m", immediate ? "immediate" : "fast", "-w", "stop"], cancel);

    /// <summary>Starts the stopped or killed server on its folder and port.</summary>
    public Task StartAgainAsync(CancellationToken cancel = default) => RunAsync("pg_ctl", ["-D", Data, "-l", Log, "-o", $"-p {Port}", "-w", "start"], cancel);

    /// <summary>False once it has stopped, by whatever cause.</summary>
    public async Task<bool> IsRunningAsync(CancellationToken cancel = default)
    {
        try
        {
            await RunAsync("pg_ctl", ["-D", Data, "status"], cancel);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL to all its processes: as if its machine were gone.</summary>
    public async Task KillAsync(CancellationToken cancel = default)
    {
        var postmaster = ProcessId;
        var memory = File.ReadLines(PidFile).ElementAt(6).Split(' ')[^1];
        Signals.Send(postmaster, Signals.Stop);   // so that it starts no child while we count them
        int[] all = [postmaster, .. ProcessTable.Children(postmaster)];
        foreach (var process in all) Signals.Send(process, Signals.Kill);
        while (Array.Exists(all, ProcessTable.IsAlive)) await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancel);
        // What a machine forgets when its power fails: the segment, and (where nobody buries the dead) ids that still look alive.
        await Tool.RunAsync(["ipcrm", "-m", memory], cancel);
        File.Delete(PidFile);
    }

    /// <summary>
    /// Starts a standby that follows this server by streaming; from here on a commit is acknowledged only when the standby has it on disk, too.
    /// </summary>
    public async Task<PostgresCluster> AddStandbyAsync(CancellationToken cancel = default)
    {
        var standby = await CreateAsync(binaries, Path.GetDirectoryName(Folder), cancel);
        try
        {
            await standby.RunAsync("pg_basebackup", ["-D", standby.Data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", $"host=127.0.0.1 port={Port} user=postgres application_name={StandbyName}"], cancel);
            await standby.ListenAsync(cancel);
            // Only now, so that the setting is not copied: a promoted standby has nobody to wait for.
            await QueryAsync($"ALTER SYSTEM SET synchronous_standby_names = '{StandbyName}'", cancel: cancel);
            await QueryAsync("SELECT pg_reload_conf()", cancel: cancel);
            while (!(await QueryAsync("SELECT sync_state FROM pg_stat_replication", cancel: cancel)).Contains("sync")) await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancel);
            return standby;
        }
        catch
        {
            await standby.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Leaves at the end of the stopped server's write-ahead log what a machine that loses power in the middle of a write leaves: bytes of a record that
    /// is not whole, behind all that was written. Nothing that was written is touched.
    /// </summary>
    /// <returns>What was done, for people.</returns>
    public async Task<string> TearLogAsync(int seed, CancellationToken cancel = default)
    {
        var random = new Random(seed);
        var control = await Tool.RunAsync(binaries.Command("pg_controldata", "-D", Data), cancel);
        var segment = control.Split('\n').First(line => line.Contains("REDO WAL file", StringComparison.Ordinal)).Split(':')[1].Trim();
        // It reads until a record is not whole, and says where: that is the end.
        var said = await Tool.FailAsync(binaries.Command("pg_waldump", "-q", "-p", Path.Combine(Data, "pg_wal"), segment), cancel);
        var place = EndOfLog().Match(said);
        if (!place.Success) return $"the log ends at the edge of a page and was left alone ({said.Trim()})";
        var (high, low) = (Convert.ToUInt32(place.Groups["high"].Value, 16), Convert.ToUInt32(place.Groups["low"].Value, 16));
        var file = Path.Combine(Data, "pg_wal", $"{segment[..8]}{high:X8}{low / SegmentBytes:X8}");
        var torn = new byte[random.Next(1, 6_000)];
        random.NextBytes(torn);
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.Seek(low % SegmentBytes, SeekOrigin.Begin);
        await stream.WriteAsync(torn.AsMemory(0, (int)Math.Min(torn.Length, SegmentBytes - (low % SegmentBytes))), cancel);
        return $"{torn.Length:N0} bytes of a torn write lie at {place.Groups["high"].Value}/{place.Groups["low"].Value}";
    }

    /// <summary>Makes this standby a primary: it takes writes from here on.</summary>
    public Task PromoteAsync(CancellationToken cancel = default) => RunAsync("pg_ctl", ["-D", Data, "-w", "promote"], cancel);

    /// <summary>Stops the server at once and removes its folder.</summary>
    public ValueTask DisposeAsync() => watchdog.DisposeAsync();

    private static async Task<PostgresCluster> CreateAsync(PostgresBinaries binaries, string? under, CancellationToken cancel)
    {
        var folder = Path.Combine(under ?? Path.GetTempPath(), $"baton-postgres-{Path.GetRandomFileName()}");
        await Tool.RunAsync(["install", "-d", "-m", "700", .. binaries.User is { } user ? ["-o", user] : Array.Empty<string>(), folder], cancel);
        return new PostgresCluster(binaries, folder);
    }

    /// <summary>Starts on a free port. Between the look and the start somebody else may have taken it: then on another.</summary>
    private async Task ListenAsync(CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            Port = FreePort.Find();
            try
            {
                await StartAgainAsync(cancel);
                return;
            }
            catch (InvalidOperationException) when (attempt < Attempts && File.ReadAllText(Log).Contains("Address already in use", StringComparison.Ordinal))
            {
            }
        }
    }

    private Task RunAsync(string program, IEnumerable<string> arguments, CancellationToken cancel) => Tool.RunAsync(binaries.Command(program, arguments), cancel);

    private static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>"error in WAL record at 0/14: invalid record length at 0/18: …": the first is the last record that is whole.</summary>
    [GeneratedRegex(" at [0-9A-F/]+: .* at (?<high>[0-9A-F]+)/(?<low>[0-9A-F]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex EndOfLog();
}
