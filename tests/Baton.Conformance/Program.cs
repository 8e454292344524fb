using System.Text.Json;
using Baton.Conformance;
using Baton.Conformance.Jq;
using Baton.Conformance.OpenWorkflow;

// Add a suite here, and its file.
ISuite[] suites = [new JqSuite(), new KitSuite(), new ExampleSuite()];

var json = args.Contains("--json");
var verbose = args.Contains("--verbose");
var totals = new List<object>();
foreach (var suite in suites)
{
    var results = suite.Run(ConformanceData.Folder);
    if (results is null)
    {
        if (!json) Console.WriteLine($"{suite.Name} absent: no data in {ConformanceData.Folder}");
        continue;
    }
    var passed = results.Count(result => result.Passed);
    totals.Add(new { name = suite.Name, passed, total = results.Count });
    if (json) continue;
    Console.WriteLine($"{suite.Name} {passed}/{results.Count}");
    if (!verbose) continue;
    foreach (var failed in results.Where(result => !result.Passed))
    {
        Console.WriteLine($"  {failed.Name}");
        Console.WriteLine($"    {failed.Detail?.ReplaceLineEndings("\n    ")}");
    }
}
if (json) Console.WriteLine(JsonSerializer.Serialize(totals));
