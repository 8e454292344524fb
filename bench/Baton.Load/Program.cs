using System.Text.Json;
using Baton.Load;
using Baton.Server;

// Add a bench here, and its file.
Bench[] benches =
[
    new("engine", "Durable steps a second, a lone run, a map over 10,000 items, the server's start; side by side with other engines by --peers.", [BenchOptions.ScenarioName, BenchOptions.DatabaseName, BenchOptions.PeersName], EngineScenarios.RunAsync),
    new("gateway", "The gateway beside a call without it and beside nginx: requests a second, added time, streams, processor time and memory.", [BenchOptions.ScenarioName, BenchOptions.DatabaseName], GatewayBench.RunAsync),
    new("jq", "The same jq programs in Baton and in the jq command.", [], JqBench.RunAsync),
];

const int Usage = 2, Unavailable = 4;
// The benches' own workflows in C#, as a server in a process that can be killed.
if (args is ["serve", ..]) return await BatonApp.RunAsync(args, [.. EngineSubjects.Code, .. ServerSubjects.Code]);
try
{
    if (args.Length == 0 || args.Contains("--help") || args.Contains("-h"))
    {
        Console.WriteLine(Help());
        return 0;
    }
    // Options may stand before the bench's name.
    var name = args.FirstOrDefault(arg => Array.Exists(benches, bench => bench.Name == arg)) ?? throw new UsageException(args.FirstOrDefault(arg => !arg.StartsWith('-')) is { } other ? $"there is no bench '{other}'." : "name a bench.");
    var bench = Array.Find(benches, bench => bench.Name == name)!;
    var at = Array.IndexOf(args, name);
    var options = BenchOptions.Read([.. args[..at], .. args[(at + 1)..]], bench);
    var result = await bench.RunAsync(options);
    if (options.Json) Console.WriteLine(JsonSerializer.Serialize(result.Rows, JsonSerializerOptions.Web));
    else Print(result);
    return 0;
}
catch (UsageException e)
{
    await Console.Error.WriteLineAsync($"baton bench: {e.Message}");
    await Console.Error.WriteLineAsync(Help());
    return Usage;
}
catch (BenchException e)
{
    await Console.Error.WriteLineAsync($"baton bench: {e.Message}");
    return Unavailable;
}

string Help() => $"""
    Usage: baton bench NAME [options]

    {string.Join("\n", benches.Select(bench => $"  {bench.Name,-10}{bench.Summary}"))}

      --json    an array of {"{bench, scenario, subject, metric, value, unit}"}, and nothing else

    engine:
      --db sqlite|postgres|both    what Baton is measured on
      --peers                      DBOS, LangGraph and Restate on the same work in the same run, and the ratios; installs them from npm
      --scenario NAME              instead of the usual: {string.Join(", ", EngineScenarios.Names)}

    gateway:
      --scenario NAME              one of {string.Join(", ", GatewayBench.Names)}
      --db sqlite|postgres|both    of {UsageBench.Scenario}: what Baton is measured on
    """;

static void Print(BenchResult result)
{
    string[][] cells = [["scenario", "subject", "metric", "value", "unit"], .. result.Rows.Select(row => new[] { row.Scenario, row.Subject, row.Metric, row.Value.ToString(row.Value >= 100 ? "N0" : "N2"), row.Unit })];
    var widths = Enumerable.Range(0, 5).Select(column => cells.Max(row => row[column].Length)).ToArray();
    foreach (var row in cells) Console.WriteLine($"{row[0].PadRight(widths[0])}  {row[1].PadRight(widths[1])}  {row[2].PadRight(widths[2])}  {row[3].PadLeft(widths[3])}  {row[4]}");
    Console.WriteLine($"\n{result.Conditions}");
}

/// <summary>A bench cannot run here; the message says what is missing and how to get it.</summary>
internal sealed class BenchException(string message) : Exception(message);
