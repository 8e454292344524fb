using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>The map function: many items, a bounded number at once, one journal row each.</summary>
internal sealed partial class Interpreter
{
    private async ValueTask<Result> MapAsync(TaskNode.CallMap task, Place place, JqValue input, Scope scope, Flow flow)
    {
        var rule = task.Map;
        var items = Items(rule.In, input, scope, task.Pointer);
        var options = new MapOptions { OnError = rule.OnError, Parallel = Parallel(rule, input, scope, task.Pointer), Step = new StepOptions { Label = task.Name } };
        var tasks = rule.Do ?? new TaskList($"{task.Pointer}/with", [rule.Workflow!]);
        var result = IsOneEffect(tasks, flow)
            ? await flow.Run.MapAsync($"{place}", [.. items.Select((item, index) => (item, index))],
                ((JqValue Value, int Index) item, StepContext step) => ItemAsync(rule, tasks, $"{place}[{item.Index}]/do", item.Value, item.Index, scope, flow with { Step = step }), options)
            : await flow.Run.MapAsync($"{place}", [.. items.Select((item, index) => (item, index))],
                ((JqValue Value, int Index) item, RunContext part) => ItemAsync(rule, tasks, "/do", item.Value, item.Index, scope, flow with { Run = part }), options);
        return new Result(Output(result, rule.OnError));
    }

    /// <summary>One item, over a state of its own: items see what was there before the map, not each other.</summary>
    private async Task<JqValue> ItemAsync(MapRule rule, TaskList tasks, string path, JqValue item, int index, Scope scope, Flow flow)
    {
        var now = flow.Step is null ? (Func<DateTimeOffset>)(() => flow.Run.Now) : Fixed(scope.Options.Time.GetUtcNow());
        var own = scope.Over(scope.Frame.Fork(new JqOptions { Time = new RunClock(now) })).With(rule.Each, item).With(rule.At, index).With("input", item);
        try
        {
            return (await RunListAsync(tasks, path, item, own, flow)).Output;
        }
        catch (WorkflowException e) when (!tree.Use.Secrets.IsEmpty)
        {
            throw Masked(e, flow.Run.Tenant);   // what an item throws is recorded in its row
        }

        static Func<DateTimeOffset> Fixed(DateTimeOffset time) => () => time;
    }

    private static JqValue Output(MapResult<JqValue> result, MapErrors onError)
    {
        var output = new JqArray.Builder(result.Items.Length);
        foreach (var item in result.Items)
        {
            output.Add(onError != MapErrors.Collect ? item.Output
                : item.IsOk ? JqValue.Object(("output", item.Output)) : JqValue.Object(("error", Descriptors.Error(item.Error!))));
        }
        return output.ToArray();
    }

    private static int Parallel(MapRule rule, JqValue input, Scope scope, string pointer)
    {
        if (rule.Parallel is null) return MapOptions.Default.Parallel;
        var value = rule.Parallel.Evaluate(input, scope, pointer);
        return value.TryGetInt64(out var number) && number is >= 1 and <= 10_000 ? (int)number : throw Fault(ErrorTypes.Expression, 400, "Not a number of items", $"'parallel' gave {value}, not a whole number from 1 to 10,000.", pointer);
    }

    /// <summary>
    /// True when an item can be one step: at most one effect, and around it only what is pure. Then its row is written once, with the
    /// result; else its effects are recorded one by one below it.
    /// </summary>
    private bool IsOneEffect(TaskList tasks, Flow flow) => tree.Use.Extensions.IsEmpty && Effects(tasks, flow) <= 1;

    private int Effects(TaskList tasks, Flow flow) => tasks.Tasks.Sum(task => Effects(task, flow));

    private int Effects(TaskNode task, Flow flow)
    {
        const int TooMany = 1_000;
        if (task.Then is Directive.Jump || task.Timeout is not null && !IsOneStep(task) || task.Input?.Schema?.Resource is not null || task.Output?.Schema?.Resource is not null) return TooMany;
        if (task.Compensate is not null || PolicyOf(task, flow) is not null) return TooMany;   // what a policy decides is recorded, and so needs a place beside the item's row
        return task switch
        {
            TaskNode.Set or TaskNode.Raise or TaskNode.CallAggregate => 0,
            TaskNode.Do sequence => Effects(sequence.Tasks, flow),
            TaskNode.CallHttp or TaskNode.CallOpenApi or TaskNode.CallFunction => task.Timeout is null ? 1 : TooMany,
            _ => TooMany,
        };
    }
}
