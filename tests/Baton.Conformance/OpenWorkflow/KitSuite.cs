using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Engine;
using Baton.Engine.Dsl.Parsing;
using Baton.Jq;

namespace Baton.Conformance.OpenWorkflow;

/// <summary>The conformance kit of the Open Workflow Specification, run from its feature files as they stand.</summary>
public sealed partial class KitSuite : ISuite
{
    public string Name => "open-workflow-ctk";

    public IReadOnlyList<CaseResult>? Run(string data)
    {
        var folder = Path.Combine(data, "open-workflow", "ctk", "features");
        return Directory.Exists(folder) ? RunAsync(folder).GetAwaiter().GetResult() : null;
    }

    private static async Task<IReadOnlyList<CaseResult>> RunAsync(string folder)
    {
        var results = new List<CaseResult>();
        await using var kit = await Kit.StartAsync();
        foreach (var scenario in Directory.EnumerateFiles(folder, "*.feature").Order(StringComparer.Ordinal).SelectMany(Feature.Read))
        {
            var name = $"{scenario.Feature}: {scenario.Name}";
            try
            {
                await RunAsync(kit, scenario);
                results.Add(new CaseResult(name, true));
            }
            catch (Exception e)   // whatever goes wrong in a scenario is that scenario's failure
            {
                results.Add(new CaseResult(name, false, e.Message));
            }
        }
        return results;
    }

    private static async Task RunAsync(Kit kit, Scenario scenario)
    {
        var (definition, input) = ("", JqValue.EmptyObject);
        Execution? execution = null;
        foreach (var step in scenario.Steps)
        {
            if (step.Text == "a workflow with definition:") definition = step.Block!;
            else if (step.Text == "given the workflow input is:") input = YamlReader.Read(step.Block!).Value;
            else if (step.Text == "the workflow is executed") execution = await kit.ExecuteAsync(definition, input);
            else Check(step, execution!);
        }
    }

    private static void Check(ScenarioStep step, Execution execution)
    {
        if (OutputProperties().Match(step.Text) is { Success: true } properties)
        {
            foreach (var path in Quoted().Matches(properties.Groups["list"].Value).Select(match => match.Groups["name"].Value)) Demand(!Find(execution.Output, path).IsNull, $"the output has no '{path}': {execution.Output}");
        }
        else if (OutputValue().Match(step.Text) is { Success: true } value) Same(YamlReader.Read(step.Block!).Value, Find(execution.Output, value.Groups["name"].Value));
        else if (OutputCount().Match(step.Text) is { Success: true } count)
        {
            var items = Find(execution.Output, count.Groups["name"].Value);
            Demand(items.IsArray && items.AsArray().Count == int.Parse(count.Groups["n"].Value, CultureInfo.InvariantCulture), $"the output has {items}");
        }
        else if (TaskOrder().Match(step.Text) is { Success: true } order) CheckOrder(order, execution.Tasks);
        else CheckEnd(step, execution);
    }

    private static void CheckEnd(ScenarioStep step, Execution execution)
    {
        var (state, isExact) = step.Text switch
        {
            "the workflow should complete" => (RunState.Completed, false),
            "the workflow should complete with output:" => (RunState.Completed, true),
            "the workflow should fault" => (RunState.Failed, false),
            "the workflow should fault with error:" => (RunState.Failed, true),
            "the workflow should cancel" => (RunState.Cancelled, false),
            _ => throw new NotSupportedException($"The step '{step.Text}' is not known."),
        };
        Demand(execution.State == state, $"it is {execution.State.ToName()}: {execution.Error}");
        if (!isExact) return;
        var wanted = YamlReader.Read(step.Block!).Value;
        if (state == RunState.Completed) Same(wanted, execution.Output);
        else foreach (var (name, value) in wanted.AsObject()) Same(value, Property(execution.Error!, name));
    }

    private static void CheckOrder(Match order, IReadOnlyList<string> tasks)
    {
        var (task, when, other) = (order.Groups["task"].Value, order.Groups["when"].Value, order.Groups["other"].Value);
        var list = tasks.ToList();
        var holds = when switch
        {
            "first" => list.FirstOrDefault() == task,
            "last" => list.LastOrDefault() == task,
            "before" => list.IndexOf(task) >= 0 && list.IndexOf(task) < list.IndexOf(other),
            _ => list.IndexOf(task) > list.IndexOf(other) && list.Contains(other),
        };
        Demand(holds, $"the tasks ran as {string.Join(", ", tasks)}");
    }

    private static JqValue Property(WorkflowError error, string name) => name switch
    {
        "type" => error.Type,
        "status" => error.Status,
        "title" => error.Title,
        "detail" => error.Detail,
        "instance" => error.Instance,
        _ => JqValue.Null,
    };

    private static JqValue Find(JqValue value, string path) => path.Split('.').Aggregate(value, (at, name) => at.IsObject ? at[name] : JqValue.Null);

    private static void Same(JqValue wanted, JqValue found) => Demand(wanted == found, $"expected {wanted}, got {found}");

    private static void Demand(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }

    [GeneratedRegex("^the workflow output should have properties (?<list>.*)$", RegexOptions.ExplicitCapture)]
    private static partial Regex OutputProperties();

    [GeneratedRegex("^the workflow output should have an? '(?<name>[^']+)' property with value:$", RegexOptions.ExplicitCapture)]
    private static partial Regex OutputValue();

    [GeneratedRegex("^the workflow output should have an? '(?<name>[^']+)' property containing (?<n>\\d+) items$", RegexOptions.ExplicitCapture)]
    private static partial Regex OutputCount();

    [GeneratedRegex("^(?<task>\\w+) should run (?<when>first|last|before|after)( (?<other>\\w+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex TaskOrder();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.ExplicitCapture)]
    private static partial Regex Quoted();
}
