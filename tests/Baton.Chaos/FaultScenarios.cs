using Baton.Chaos.Faults;
using Baton.Chaos.Verdict;
using Baton.Chaos.Work;
using Baton.Chaos.World;
using Baton.TestBed;

namespace Baton.Chaos;

/// <summary>Runs under faults: what is broken differs, what must hold does not.</summary>
internal static class FaultScenarios
{
    /// <summary>After the last fault: long enough for every lapse, retry and poll, on a busy machine.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromMinutes(2), BetweenFigures = TimeSpan.FromSeconds(15);

    /// <summary>Small enough to be full soon, and large enough for PostgreSQL's logs.</summary>
    private const int SqliteMegabytes = 32, PostgresMegabytes = 192;

    public static async Task<Outcome?> NodesAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) => await PlayAsync(
        await Stage.OnPostgresAsync(folder, options.Nodes, standby: true, disk: null, timeline, cancel), options, FaultPlan.Make(options.Seed, options.Duration, options.Nodes, Stage.Lapse, database: true), null, cancel);

    public static async Task<Outcome?> SingleAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) => await PlayAsync(
        await Stage.OnSqliteAsync(folder, disk: null, timeline, cancel), options, FaultPlan.Make(options.Seed, options.Duration, 1, lapse: null, database: false), null, cancel);

    public static async Task<Outcome?> FullDiskOnSqliteAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) =>
        await SmallDisk.MountAsync(SqliteMegabytes, cancel) is { } disk
            ? await PlayAsync(await Stage.OnSqliteAsync(folder, disk, timeline, cancel), options, FaultPlan.FullDisk(options.Seed, options.Duration), "full", cancel)
            : Unmounted(timeline);

    public static async Task<Outcome?> FullDiskOnPostgresAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) =>
        await SmallDisk.MountAsync(PostgresMegabytes, cancel) is { } disk
            ? await PlayAsync(await Stage.OnPostgresAsync(folder, options.Nodes, standby: false, disk, timeline, cancel), options, FaultPlan.FullDisk(options.Seed, options.Duration), "full", cancel)
            : Unmounted(timeline);

    public static async Task<Outcome?> TornWriteOnSqliteAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) => await PlayAsync(
        await Stage.OnSqliteAsync(folder, disk: null, timeline, cancel), options, FaultPlan.TornWrites(options.Seed, options.Duration, database: false), null, cancel);

    public static async Task<Outcome?> TornWriteOnPostgresAsync(ChaosOptions options, string folder, Timeline timeline, CancellationToken cancel) => await PlayAsync(
        await Stage.OnPostgresAsync(folder, options.Nodes, standby: false, disk: null, timeline, cancel), options, FaultPlan.TornWrites(options.Seed, options.Duration, database: true), null, cancel);

    /// <param name="said">A word that must be among the reasons of those who refused; null for none.</param>
    private static async Task<Outcome> PlayAsync(Stage played, ChaosOptions options, IReadOnlyList<Fault> plan, string? said, CancellationToken cancel)
    {
        await using var stage = played;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var driver = new Driver(stage, options.Seed);
        await driver.RegisterAsync(cancel);
        stage.Timeline.Restart();
        var work = driver.RunAsync(options.Rate, enough.Token, patience.Token);
        using (var broken = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            var figures = SayAsync(stage, driver, broken.Token);
            await stage.BreakAsync(plan, cancel);
            await broken.CancelAsync();
            await figures;
        }
        stage.Timeline.Say("the faults are over, and what was to come back is back");
        var left = options.Duration > stage.Timeline.Elapsed ? options.Duration - stage.Timeline.Elapsed : TimeSpan.Zero;
        enough.CancelAfter(left);
        patience.CancelAfter(left + Settling);
        try
        {
            await work;
            await driver.FollowToTheEndAsync();
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            stage.Timeline.Say($"not everything had ended {Settling.TotalMinutes:0} minutes later");
        }
        stage.Timeline.Say($"{driver.Ended} runs have ended");
        if (stage.Primary is { } database) stage.Timeline.Say($"{(await database.QueryAsync("SELECT count(*) FROM baton.packed_journals", cancel: cancel))[0]} journals of ended runs are packed");
        var checks = new Checks(stage.Recorder.Log, driver.Runs, [.. stage.Nodes.Select(node => node.History)]);
        string[] rest = [.. await Aftermath.CheckAsync(stage, driver.Runs.Count, options.Seed, cancel), .. Faulty(driver), .. Silent(driver, said)];
        return new Outcome(Report.Of(stage, driver, plan, checks), [.. checks.All(), .. rest]);
    }

    private static async Task SayAsync(Stage stage, Driver driver, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(BetweenFigures, TimeProvider.System);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel)) stage.Timeline.Say($"- {driver.Runs.Count} runs acknowledged, {driver.Ended} ended");
        }
        catch (OperationCanceledException)
        {
            // The faults are over.
        }
    }

    /// <summary>Whatever is broken, a server that says "internal error" is broken itself.</summary>
    private static IEnumerable<string> Faulty(Driver driver) => from reason in driver.Reasons where reason.Key.StartsWith("500 ", StringComparison.Ordinal) select $"{reason.Value} requests were answered with {reason.Key}";

    /// <summary>Whoever refuses says why; where nobody was refused, nothing need be said.</summary>
    private static IEnumerable<string> Silent(Driver driver, string? said) => said is null || driver.Reasons.IsEmpty || driver.Reasons.Keys.Any(reason => reason.Contains(said, StringComparison.Ordinal)) ? [] : [$"no node said that anything is {said}"];

    private static Outcome? Unmounted(Timeline timeline)
    {
        timeline.Say("a small disk cannot be mounted here: that takes root");
        return null;
    }
}
