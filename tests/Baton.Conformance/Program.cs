using System.Text.Json;
using Baton.Conformance;
using Baton.Conformance.Jq;
using Baton.Conformance.JsonSchema;
using Baton.Conformance.OpenWorkflow;

const string Usage = """
    Usage: baton conformance [--verbose] [--json]

    Runs the test suites that others wrote, from ../shared/conformance beside the repository, and prints a line for each: name passed/total.
    Ends with 0 if every case passes, or is listed by name, with a reason, as one that does not; else with 1.

      --verbose   also each case that fails: its name, and why
      --json      an array of {name, passed, total}, and nothing else
      --help      this text
    """;

// Add a suite here, and its file.
ISuite[] suites = [new JqSuite(), new JsonSchemaSuite(), new KitSuite(), new ExampleSuite()];

string[] known = ["--json", "--verbose", "--help", "-h"];
if (args.Except(known, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
{
    await Console.Error.WriteLineAsync($"baton conformance: '{unknown}' is no option of this command.\n\n{Usage}");
    return 2;
}
if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Usage);
    return 0;
}

var json = args.Contains("--json");
var verbose = args.Contains("--verbose") && !json;
var (surprises, absent) = (0, 0);
var totals = new List<object>();
foreach (var suite in suites)
{
    if (suite.Run(ConformanceData.Folder) is not { } results)
    {
        absent++;
        await (json ? Console.Error : Console.Out).WriteLineAsync(ConformanceData.Absent(suite.Name));
        continue;
    }
    var passed = results.Count(result => result.Passed);
    surprises += results.Count(result => result.IsSurprise);
    totals.Add(new { name = suite.Name, passed, total = results.Count });
    if (!json) Console.WriteLine($"{suite.Name} {passed}/{results.Count}");
    if (verbose) Explain(results);
}
if (json) Console.WriteLine(JsonSerializer.Serialize(totals));
return surprises + absent == 0 ? 0 : 1;

static void Explain(IReadOnlyList<CaseResult> results)
{
    foreach (var result in results.Where(result => !result.Passed || result.IsStale))
    {
        Console.WriteLine($"  {result.Name}");
        Console.WriteLine($"    {(result.IsStale ? $"passes, yet is listed: {result.Known}" : result.Known is { } reason ? $"known: {reason}" : result.Detail)?.ReplaceLineEndings("\n    ")}");
    }
}
