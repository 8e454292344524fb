using System.Collections.Immutable;
using Baton.Chaos.Faults;
using Baton.Chaos.Work;
using Baton.Chaos.World;
using Baton.TestBed;

namespace Baton.Chaos.Verdict;

/// <summary>The figures of a scenario, for people.</summary>
internal static class Report
{
    public static ImmutableArray<(string Name, string Value)> Of(Stage stage, Driver driver, IReadOnlyList<Fault> plan, Checks checks)
    {
        var calls = stage.Recorder.Log.Where(seen => seen.Kind == SeenKind.Begin).ToList();
        var steps = calls.Select(call => (call.Run, call.Key)).Distinct().Count();
        var ends = driver.Runs.GroupBy(run => run.Ended ?? "not ended").OrderBy(group => group.Key).Select(group => $"{group.Count():N0} {group.Key}");
        return
        [
            ("faults", $"{plan.Count} planned, {stage.Done.Length} done: {string.Join(", ", stage.Done.GroupBy(fault => fault.GetType().Name).OrderByDescending(group => group.Count()).Select(group => $"{group.Count()} {Plain(group.Key)}"))}"),
            ("runs acknowledged", $"{driver.Runs.Count:N0}: {string.Join(", ", ends)}"),
            ("starts tried again", $"{driver.Refused:N0}; the longest took {driver.LongestStart.TotalSeconds:0.0} s"),
            .. driver.Reasons.OrderByDescending(reason => reason.Value).Take(6).Select(reason => ("  refused with", $"{reason.Value:N0} times {reason.Key}")),
            ("effects", $"{calls.Count:N0} calls for {steps:N0} steps; {calls.Count - steps:N0} again before an outcome was known"),
            ("outcomes seen", $"{stage.Recorder.Log.Where(seen => seen.Kind == SeenKind.Reported).Select(seen => (seen.Run, seen.Key)).Distinct().Count():N0}"),
            ("sent late", $"{checks.Late.Length:N0} calls that a node had begun when it was stopped, and sent when it was woken"),
        ];
    }

    /// <summary>RestartDatabase as "restart database".</summary>
    private static string Plain(string name) => string.Concat(name.Select((letter, at) => char.IsUpper(letter) ? (at == 0 ? "" : " ") + char.ToLowerInvariant(letter) : $"{letter}"));
}
