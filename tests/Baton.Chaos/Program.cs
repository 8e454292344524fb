using System.Globalization;
using Baton.Chaos;
using Baton.Chaos.Verdict;
using Baton.Chaos.World;
using Baton.TestBed;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;

// Add a scenario here, and its file.
Scenario[] scenarios =
[
    new("nodes", "Several nodes on one PostgreSQL with a standby: kills, pauses, cut connections, crashes, failovers.", FaultScenarios.NodesAsync),
    new("single", "One node on a SQLite file: kills and pauses.", FaultScenarios.SingleAsync),
    new("full-disk", "One node whose disk is full now and then.", FaultScenarios.FullDiskOnSqliteAsync),
    new("full-disk-postgres", "Several nodes on one PostgreSQL whose disk is full now and then.", FaultScenarios.FullDiskOnPostgresAsync),
    new("torn-write", "One node that dies in the middle of writing to its file.", FaultScenarios.TornWriteOnSqliteAsync),
    new("torn-write-postgres", "Several nodes on one PostgreSQL that dies in the middle of writing to its log.", FaultScenarios.TornWriteOnPostgresAsync),
];

const int Failed = 1, Usage = 2, Skipped = 77;
if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Help());
    return 0;
}
var (options, fault) = ChaosOptions.Parse(args, [.. scenarios.Select(scenario => scenario.Name)]);
if (options is null)
{
    await Console.Error.WriteLineAsync($"baton chaos: {fault}\n{Help()}");
    return Usage;
}
using var interrupted = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
};
var (played, failed) = (0, false);
foreach (var scenario in scenarios.Where(scenario => options.Scenarios.Count == 0 || options.Scenarios.Contains(scenario.Name))) failed |= !await PlayAsync(scenario);
return failed ? Failed : played == 0 ? Skipped : 0;

async Task<bool> PlayAsync(Scenario scenario)
{
    var folder = Directory.CreateTempSubdirectory("baton-chaos-").FullName;
    Console.WriteLine($"{scenario.Name}: {scenario.Summary}\nagain: ./baton chaos {scenario.Name} --seed {options.Seed} --duration {ChaosOptions.Text(options.Duration)} --nodes {options.Nodes} --rate {options.Rate}\n");
    var timeline = new Timeline(Console.Out);
    Outcome? outcome;
    try
    {
        outcome = await scenario.RunAsync(options, folder, timeline, interrupted.Token);
    }
    catch (PostgresMissingException e)
    {
        timeline.Say(e.Message);
        outcome = null;
    }
    catch (OperationCanceledException) when (interrupted.IsCancellationRequested)
    {
        Console.WriteLine($"\n{scenario.Name}: interrupted; logs are in {folder}\n");
        return false;
    }
    if (outcome is null)
    {
        Console.WriteLine($"\n{scenario.Name}: SKIPPED\n");
        return true;
    }
    played++;
    var width = outcome.Lines.Select(line => line.Name.Length).DefaultIfEmpty().Max();
    Console.WriteLine();
    foreach (var (name, value) in outcome.Lines) Console.WriteLine($"  {name.PadRight(width)}  {value}");
    foreach (var violation in outcome.Violations.Take(40)) Console.WriteLine($"  VIOLATED: {violation}");
    if (outcome.IsClean && !options.Keep) Directory.Delete(folder, recursive: true);
    else Console.WriteLine($"  logs are in {folder}");
    Console.WriteLine($"\n{scenario.Name}: {(outcome.IsClean ? "nothing lost, nothing repeated" : $"{outcome.Violations.Length} VIOLATION{(outcome.Violations.Length == 1 ? "" : "S")}")} (seed {options.Seed})\n");
    return outcome.IsClean;
}

string Help() => $"""
    {ChaosOptions.Usage}{string.Join("\n", scenarios.Select(scenario => $"  {scenario.Name,-21}{scenario.Summary}"))}

      --seed N        the faults and the work; by chance if not given, and printed
      --duration 10m  how long faults come
      --nodes N       1 to 9
      --rate N        runs started in a second
      --keep          keep the logs although nothing was wrong
    """;
