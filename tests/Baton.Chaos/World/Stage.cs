using System.Collections.Immutable;
using Baton.Chaos.Faults;
using Baton.TestBed;

namespace Baton.Chaos.World;

/// <summary>Everything that is played with: nodes, the database behind them with a proxy before each node, the recorder outside.</summary>
internal sealed class Stage : IAsyncDisposable
{
    /// <summary>Short, so that a run of minutes sees many lapses.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(500), Lapse = TimeSpan.FromSeconds(3);

    /// <summary>What everybody gets to work after a fault, before the next.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<int, Task> busy = [];   // by node
    private Pair? pair;
    private SmallDisk? disk;
    private string? file;

    private readonly Watchdog watchdog;

    private Stage(string folder, Recorder recorder, Timeline timeline)
    {
        (Folder, Recorder, Timeline) = (folder, recorder, timeline);
        watchdog = new Watchdog($"for file in '{folder}'/*/pid; do kill -9 $(cat \"$file\"); done");
    }

    public string Folder { get; }

    public Recorder Recorder { get; }

    public Timeline Timeline { get; }

    public ImmutableArray<Node> Nodes { get; private set; } = [];

    /// <summary>The database as it is now; null for SQLite.</summary>
    public PostgresCluster? Primary => pair?.Primary;

    /// <summary>One node on a SQLite file.</summary>
    /// <param name="disk">Where the file is; null for the stage's own folder. The stage unmounts it.</param>
    public static async Task<Stage> OnSqliteAsync(string folder, SmallDisk? disk, Timeline timeline, CancellationToken cancel)
    {
        var stage = new Stage(folder, await Recorder.StartAsync(Path.Combine(folder, "recorder.jsonl")), timeline) { disk = disk };
        stage.file = Path.Combine(disk?.Path ?? folder, "baton.db");
        return await stage.StartAsync(1, new NodeSettings(_ => ["--db", stage.file], node => [("BATON_SECRET_NODE", node.Name)]), cancel);
    }

    /// <summary>Several nodes on one PostgreSQL.</summary>
    /// <param name="standby">Whether it has a synchronous standby.</param>
    /// <param name="disk">Where its data is; null for a folder of its own. The stage unmounts it.</param>
    public static async Task<Stage> OnPostgresAsync(string folder, int nodes, bool standby, SmallDisk? disk, Timeline timeline, CancellationToken cancel)
    {
        var stage = new Stage(folder, await Recorder.StartAsync(Path.Combine(folder, "recorder.jsonl")), timeline) { disk = disk };
        var settings = new NodeSettings(
            node => ["--db", stage.pair!.UrlFor(node.Number), "--node", node.Name],
            node => [("BATON_SECRET_NODE", node.Name), ("BATON_CLUSTER__HEARTBEATINTERVAL", $"{Heartbeat}"), ("BATON_CLUSTER__LAPSEAFTER", $"{Lapse}"), ("BATON_WORKFLOWS__POLLINTERVAL", "00:00:02"), ("BATON_RETENTION__PACKAFTER", "00:00:10"), ("BATON_RETENTION__INTERVAL", "00:00:02")]);
        try
        {
            stage.pair = await Pair.StartAsync(nodes, standby, disk?.Path, cancel);
        }
        catch
        {
            await stage.DisposeAsync();
            throw;
        }
        return await stage.StartAsync(nodes, settings, cancel);
    }

    /// <summary>A node that is up, by chance; waits until there is one.</summary>
    public async Task<Node> AnyNodeAsync(Random random, CancellationToken cancel)
    {
        while (true)
        {
            Node[] up = [.. Nodes.Where(node => node.IsUp)];
            if (up.Length > 0) return up[random.Next(up.Length)];
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancel);
        }
    }

    /// <summary>Asks one node after another until one answers.</summary>
    public async Task<T> AskAsync<T>(Random random, Func<Node, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        while (true)
        {
            var node = await AnyNodeAsync(random, cancel);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(node.Life, cancel);
            try
            {
                return await ask(node, either.Token);
            }
            catch (Exception e) when (Node.IsNoAnswer(e) && !cancel.IsCancellationRequested)
            {
                await WaitAsync(BetweenTries, cancel);
            }
        }
    }

    /// <summary>
    /// The faults of the plan that were done. One is left out when whom it would befall is still being mended: on a slow machine that takes longer than the
    /// plan thought.
    /// </summary>
    public ImmutableArray<Fault> Done { get; private set; } = [];

    /// <summary>Does what the plan says when it says so, and waits until all is whole again.</summary>
    public async Task BreakAsync(IEnumerable<Fault> plan, CancellationToken cancel)
    {
        foreach (var fault in plan)
        {
            var until = fault.At - Timeline.Elapsed;
            if (until > TimeSpan.Zero) await Task.Delay(until, TimeProvider.System, cancel);
            var before = busy.GetValueOrDefault(fault.Node, Task.CompletedTask);
            if (!before.IsCompleted && fault is not (Fault.Failover or Fault.Lose)) continue;
            Done = Done.Add(fault);
            busy[fault.Node] = AfterAsync(before, fault, cancel);
        }
        await Task.WhenAll(busy.Values);
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Nodes.Select(node => node.DisposeAsync().AsTask()));
        await watchdog.DisposeAsync();
        if (pair is not null) await pair.DisposeAsync();
        if (disk is not null) await disk.DisposeAsync();
        await Recorder.DisposeAsync();
    }

    private async Task<Stage> StartAsync(int nodes, NodeSettings settings, CancellationToken cancel)
    {
        Nodes = [.. Enumerable.Range(1, nodes).Select(number => new Node(number, Folder, settings, Timeline))];
        try
        {
            await Task.WhenAll(Nodes.Select(node => node.StartAsync(cancel)));
            return this;
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    private async Task AfterAsync(Task before, Fault fault, CancellationToken cancel)
    {
        await before;
        Timeline.Say($"{fault}");
        await DoAsync(fault, cancel);
        await WaitAsync(Breath, cancel);
    }

    private async Task DoAsync(Fault fault, CancellationToken cancel)
    {
        switch (fault)
        {
            case Fault.Kill kill:
                await this[kill.Node].KillAsync();
                await WaitAsync(kill.For, cancel);
                await this[kill.Node].StartAsync(cancel);
                break;
            case Fault.Lose lose:
                await this[lose.Node].KillAsync();
                break;
            case Fault.Stop stop:
                await this[stop.Node].StopAsync();
                await WaitAsync(stop.For, cancel);
                await this[stop.Node].StartAsync(cancel);
                break;
            case Fault.Pause pause:
                await this[pause.Node].PauseAsync();
                await WaitAsync(pause.For, cancel);
                this[pause.Node].Continue();
                break;
            case Fault.Cut cut:
                Timeline.Say($"{pair!.Cut(cut.Node)} connections were cut");
                break;
            case Fault.Isolate isolate:
                pair!.Refuse(isolate.Node);
                pair.Cut(isolate.Node);
                await WaitAsync(isolate.For, cancel);
                pair.Resume(isolate.Node);
                break;
            case Fault.Stall stall:
                pair!.Stall(stall.Node);
                await WaitAsync(stall.For, cancel);
                pair.Resume(stall.Node);
                break;
            case Fault.RestartDatabase:
                await pair!.Primary.RestartImmediateAsync(cancel);
                break;
            case Fault.Failover:
                await pair!.FailOverAsync(cancel);
                Timeline.Say("the standby is the primary, and has a standby of its own");
                break;
            case Fault.FillDisk fill:
                await disk!.FillAsync(cancel);
                await WaitAsync(fill.For, cancel);
                disk.Free();
                Timeline.Say(await RestartedAsync(cancel) ? "there is room again, and the database that had stopped is started" : "there is room again");
                break;
            case Fault.TearFile tear:
                await this[tear.Node].KillAsync();
                if (SqliteLog.Tear(file!, tear.Seed) is { } torn) Timeline.Say(torn);
                await this[tear.Node].StartAsync(cancel);
                break;
            case Fault.TearDatabase tear:
                await pair!.Primary.StopAsync(immediate: true, cancel);
                Timeline.Say(await pair.Primary.TearLogAsync(tear.Seed, cancel));
                await pair.Primary.StartAgainAsync(cancel);
                break;
        }
    }

    /// <summary>PostgreSQL that cannot write its log ends itself; whoever runs it starts it again.</summary>
    private async Task<bool> RestartedAsync(CancellationToken cancel)
    {
        if (pair is null || await pair.Primary.IsRunningAsync(cancel)) return false;
        await pair.Primary.StartAgainAsync(cancel);
        return true;
    }

    private Node this[int number] => Nodes[number - 1];

    private static Task WaitAsync(TimeSpan delay, CancellationToken cancel) => Task.Delay(delay, TimeProvider.System, cancel);
}
