using System.Collections.Concurrent;
using System.Text.Json;
using Baton.Chaos.World;
using Baton.Client;

namespace Baton.Chaos.Work;

/// <summary>The clients: they start runs at a steady rate, on any node, and follow each to its end.</summary>
internal sealed class Driver(Stage stage, int seed)
{
    /// <summary>A machine that cannot keep up gets no more than this at once.</summary>
    private const int MostAtOnce = 80;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);

    private readonly ConcurrentBag<Task> following = [];
    private int started, refused, ended;

    /// <summary>Every run that was acknowledged with 202 or 200.</summary>
    public ConcurrentQueue<AcknowledgedRun> Runs { get; } = [];

    /// <summary>Tries that a node refused or did not answer; all were repeated.</summary>
    public int Refused => refused;

    /// <summary>What nodes said when they refused, and how often.</summary>
    public ConcurrentDictionary<string, int> Reasons { get; } = [];

    public int Ended => ended;

    /// <summary>How long a client had to try for its run, at worst.</summary>
    public TimeSpan LongestStart => Runs.IsEmpty ? default : Runs.Max(run => run.After);

    public async Task RegisterAsync(CancellationToken cancel)
    {
        foreach (var script in Script.All.Prepend(Script.Child)) await stage.AskAsync(new Random(seed), (node, cancel) => node.Client.Workflows.RegisterAsync(script.Document(stage.Recorder.Address), revise: false, cancel), cancel);
    }

    /// <summary>Starts runs until it is told to stop; each is tried until it is acknowledged.</summary>
    /// <param name="rate">Runs a second.</param>
    public async Task RunAsync(double rate, CancellationToken stop, CancellationToken cancel)
    {
        var random = new Random(seed);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1 / rate), TimeProvider.System);
        var starting = new List<Task>();
        try
        {
            while (await timer.WaitForNextTickAsync(stop))
            {
                starting.RemoveAll(task => task.IsCompletedSuccessfully);
                if (started - ended >= MostAtOnce) continue;
                starting.Add(StartAsync(++started, Script.All[random.Next(Script.All.Length)], cancel));
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Enough; what was begun is finished.
        }
        await Task.WhenAll(starting);
    }

    /// <summary>Waits until every run was seen to end.</summary>
    public async Task FollowToTheEndAsync() => await Task.WhenAll(following);

    private async Task StartAsync(int no, Script script, CancellationToken cancel)
    {
        var random = new Random(HashCode.Combine(seed, no));
        var since = TimeProvider.System.GetTimestamp();
        var run = new StartRun($"chaos/{script.Name}", JsonSerializer.SerializeToElement(new { no }), new Dictionary<string, string> { ["chaos"] = $"{seed}", ["no"] = $"{no}" });
        while (true)
        {
            var node = await stage.AnyNodeAsync(random, cancel);
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(node.Life, cancel);
                var view = await node.Client.Runs.StartAsync(run, $"chaos-{seed}-{no}", either.Token);
                var acknowledged = new AcknowledgedRun(no, script, view.Id, TimeProvider.System.GetElapsedTime(since));
                Runs.Enqueue(acknowledged);
                following.Add(FollowAsync(acknowledged, random, cancel));
                return;
            }
            catch (Exception e) when (Node.IsNoAnswer(e) && !cancel.IsCancellationRequested)
            {
                Interlocked.Increment(ref refused);
                if (e is BatonException { Problem: { Status: > 0 } problem }) Reasons.AddOrUpdate($"{problem.Status} {problem.Title}: {problem.Detail}", 1, (_, before) => before + 1);
                await Task.Delay(BetweenTries, TimeProvider.System, cancel);
            }
        }
    }

    private async Task FollowAsync(AcknowledgedRun run, Random random, CancellationToken cancel)
    {
        try
        {
            var observer = new Observer(stage, random);
            var state = await observer.FollowAsync(run.Id, run.Script.Name == "hears", cancel);
            var result = await observer.ResultAsync(run.Id, cancel);
            (run.Output, run.Error) = (result.Output, result.Error is { } error ? $"{error.Title}: {error.Detail} ({error.Instance})" : null);
            run.Ended = state;
        }
        catch (BatonException e)
        {
            run.Ended = $"refused as '{e.Problem.Title}' ({e.Problem.Status})";   // a run that was acknowledged and is not there
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // It has not ended; the check asks for its state.
        }
        Interlocked.Increment(ref ended);
    }
}
