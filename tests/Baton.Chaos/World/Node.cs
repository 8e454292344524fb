using Baton.Client;
using Baton.TestBed;

namespace Baton.Chaos.World;

/// <summary>A server process with a name and a port of its own, which can die and come back as the same node.</summary>
internal sealed class Node : IAsyncDisposable
{
    private static readonly TimeSpan BetweenStarts = TimeSpan.FromMilliseconds(300), Answering = TimeSpan.FromSeconds(10);

    private readonly string home;
    private readonly NodeSettings settings;
    private readonly Timeline timeline;
    private readonly HttpClient http;
    private readonly List<Absence> absences = [];
    private volatile CancellationTokenSource life = new();
    private volatile BatonProcess? process;
    private volatile bool expected;
    private Task watching = Task.CompletedTask;
    private int deaths, traces;

    public Node(int number, string folder, NodeSettings settings, Timeline timeline)
    {
        (Number, this.settings, this.timeline) = (number, settings, timeline);
        home = Path.Combine(folder, Name);
        Directory.CreateDirectory(home);
        Port = FreePort.Find();
        // A connection that hangs on a paused node is given up, as any client of a cluster must.
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = Answering }) { BaseAddress = new Uri($"http://127.0.0.1:{Port}/"), Timeout = Answering };
        life.Cancel();
    }

    public int Number { get; }

    public string Name => $"n{Number}";

    public int Port { get; }

    public BatonClient Client => new(http);

    public HttpClient Http => http;

    /// <summary>Holds the id of its process while it has one: whoever survives this program knows whom to end.</summary>
    private string PidFile => Path.Combine(home, "pid");

    /// <summary>Ends when the node is killed, paused or stopped: whoever talks with it turns to another.</summary>
    public CancellationToken Life => life.Token;

    public bool IsUp => !life.IsCancellationRequested;

    /// <summary>What became of it so far.</summary>
    public NodeHistory History
    {
        get
        {
            lock (absences) return new NodeHistory(Name, [.. absences], deaths, traces);
        }
    }

    /// <summary>The node is away, is stopping or has no database now. Anything else that it says is meant, and not to be repeated.</summary>
    public static bool IsNoAnswer(Exception e) => e is OperationCanceledException or IOException or HttpRequestException or BatonException { Problem.Status: 0 or 500 or 502 or 503 };

    /// <summary>Starts it, as often as that takes: a database that is away for a moment is no reason to stay down.</summary>
    public async Task StartAsync(CancellationToken cancel)
    {
        for (var since = timeline.Elapsed; ;)
        {
            expected = false;
            var started = BatonProcess.Start(home, ["serve", "--port", $"{Port}", .. settings.Arguments(this)], settings.Environment(this));
            process = started;
            await File.WriteAllTextAsync(PidFile, $"{started.Id}", cancel);
            try
            {
                await started.LineAsync(line => line.Contains(" listens on ", StringComparison.Ordinal));
                watching = WatchAsync(started);
                life = new CancellationTokenSource();
                timeline.Say($"{Name} is up, {(timeline.Elapsed - since).TotalSeconds:0.0} s after it was started");
                return;
            }
            catch (InvalidOperationException)
            {
                timeline.Say($"{Name} did not start: {LastLine(started)}");
                if (started.Error.Contains("   at ", StringComparison.Ordinal)) traces++;
                await EndAsync();
                await Task.Delay(BetweenStarts, TimeProvider.System, cancel);
            }
        }
    }

    public async Task KillAsync()
    {
        expected = true;
        await life.CancelAsync();
        if (process is { } running) await running.KillAsync();
        await EndAsync();
    }

    /// <summary>SIGTERM, and its end in order.</summary>
    public async Task StopAsync()
    {
        expected = true;
        await life.CancelAsync();
        process!.Terminate();
        var code = await process.ExitAsync();
        if (code != 0) timeline.Say($"{Name} stopped with code {code}");
        await EndAsync();
    }

    public async Task PauseAsync()
    {
        await life.CancelAsync();
        lock (absences) absences.Add(new Absence(TimeProvider.System.GetUtcNow(), null));
        process!.Pause();
    }

    public void Continue()
    {
        lock (absences) absences[^1] = absences[^1] with { Until = TimeProvider.System.GetUtcNow() };
        process!.Continue();
        life = new CancellationTokenSource();
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null) await KillAsync();
        http.Dispose();
    }

    private async Task EndAsync()
    {
        await watching;
        if (Interlocked.Exchange(ref process, null) is not { } ended) return;
        File.Delete(PidFile);
        Keep(ended);
        await ended.DisposeAsync();
    }

    /// <summary>Notes an end that nobody caused; the node stays down then, and the check says so.</summary>
    private async Task WatchAsync(BatonProcess watched)
    {
        await watched.EndAsync();
        if (expected) return;
        deaths++;
        await life.CancelAsync();
        timeline.Say($"{Name} ENDED BY ITSELF: {LastLine(watched)}");
    }

    /// <summary>What it said at the end; of a stack trace the beginning.</summary>
    private static string LastLine(BatonProcess process)
    {
        string[] lines = $"{process.Output}\n{process.Error}".Trim().Split('\n');
        return Array.Find(lines, line => line.StartsWith("Unhandled exception", StringComparison.Ordinal)) ?? lines[^1];
    }

    private void Keep(BatonProcess ended) => File.AppendAllText(Path.Combine(home, "log"), $"{ended.Output}\n{ended.Error}\n-- end of process {ended.Id}\n");
}

/// <summary>What a node is started with beside its port.</summary>
internal sealed record NodeSettings(Func<Node, IEnumerable<string>> Arguments, Func<Node, (string Name, string? Value)[]> Environment);

/// <summary>What became of a node.</summary>
/// <param name="Pauses">When it stood still.</param>
/// <param name="Deaths">How often it ended although nobody had done anything to it.</param>
/// <param name="Traces">How often it could not start, and said so by a stack trace instead of a sentence.</param>
internal sealed record NodeHistory(string Name, IReadOnlyList<Absence> Pauses, int Deaths, int Traces);

/// <summary>A time in which a node did nothing and did not know it.</summary>
/// <param name="Until">Null while it lasts.</param>
internal sealed record Absence(DateTimeOffset From, DateTimeOffset? Until);
