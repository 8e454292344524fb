using System.Text.Json;
using Baton.Load;

// Add a bench here, and its file.
Bench[] benches =
[
    new("engine", "Durable steps a second, a lone run, a map over 10,000 items, the server's start; on SQLite with synchronous=FULL.", EngineBench.RunAsync),
    new("jq", "The same jq programs in Baton and in the jq command.", JqBench.RunAsync),
];

const int Usage = 2, Unavailable = 4;
var unknown = args.FirstOrDefault(arg => arg.StartsWith('-') && arg is not ("--json" or "--help" or "-h"));
string[] names = [.. args.Where(arg => !arg.StartsWith('-'))];
if (unknown is not null || names.Length > 1 || (names.Length == 1 && Array.TrueForAll(benches, bench => bench.Name != names[0])))
{
    await Console.Error.WriteLineAsync(unknown is not null ? $"baton bench: '{unknown}' is no option of this command." : names.Length > 1 ? "baton bench: one at a time." : $"baton bench: there is no bench '{names[0]}'.");
    await Console.Error.WriteLineAsync(Help());
    return Usage;
}
if (names.Length == 0 || args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Help());
    return 0;
}
try
{
    var result = await Array.Find(benches, bench => bench.Name == names[0])!.RunAsync();
    if (args.Contains("--json")) Console.WriteLine(JsonSerializer.Serialize(result.Rows, JsonSerializerOptions.Web));
    else Print(result);
    return 0;
}
catch (BenchException e)
{
    await Console.Error.WriteLineAsync($"baton bench: {e.Message}");
    return Unavailable;
}

string Help() => $"""
    Usage: baton bench NAME [--json]

    {string.Join("\n", benches.Select(bench => $"  {bench.Name,-10}{bench.Summary}"))}

      --json    an array of {"{bench, scenario, subject, metric, value, unit}"}, and nothing else
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
