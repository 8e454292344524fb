using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Branches, loops, forks, deadlines, extensions, and the checks of data.</summary>
internal sealed partial class Interpreter
{
    /// <summary>Wraps the task in its deadline and in the extensions that apply.</summary>
    private async ValueTask<Result> RunExtendedAsync(TaskNode task, Place place, JqValue input, Scope scope, Flow flow)
    {
        var extensions = tree.Use.Extensions.IsEmpty || flow.IsExtension ? [] : Applying(task, input, scope);
        foreach (var extension in extensions)
        {
            if (extension.Before is null) continue;
            var before = await RunListAsync(extension.Before, $"{place}~{extension.Name}/before", input, scope, flow with { IsExtension = true });
            if (before.Ended) return before;
            if (before.Exited) return new Result(before.Output);   // the extension answers in the task's place
        }
        var result = task.Timeout is null || IsOneStep(task)
            ? await RunCoreAsync(task, place, input, scope, flow)
            : await WithTimeoutAsync(task.Timeout, flow, input, scope, $"{place}~timeout", task.Pointer, inner => RunCoreAsync(task, place, input, scope, inner));
        if (result.Ended) return result;
        foreach (var extension in extensions)
        {
            if (extension.After is null) continue;
            var after = await RunListAsync(extension.After, $"{place}~{extension.Name}/after", result.Output, scope.With("output", result.Output), flow with { IsExtension = true });
            if (after.Ended) return after;
        }
        return result;
    }

    private List<Extension> Applying(TaskNode task, JqValue input, Scope scope) =>
        [.. tree.Use.Extensions.Where(extension => (extension.Extend == "all" || extension.Extend == task.Kind) && (extension.When is null || extension.When.Evaluate(input, scope, task.Pointer).IsTruthy))];

    /// <summary>Tasks that are one step: their deadline is that of the attempt, and needs no timer of its own.</summary>
    private static bool IsOneStep(TaskNode task) => task is TaskNode.CallHttp or TaskNode.CallOpenApi or TaskNode.CallFunction or TaskNode.RunProcess;

    /// <summary>Runs something with a durable deadline.</summary>
    private static async ValueTask<Result> WithTimeoutAsync(Template? timeout, Flow flow, JqValue input, Scope scope, string key, string pointer, Func<Flow, ValueTask<Result>> body)
    {
        if (timeout is null) return await body(flow);
        var limit = Duration(timeout, input, scope, pointer);
        var work = flow.Run.Part();
        var running = body(flow with { Run = work.Context }).AsTask();
        if (running.IsCompleted && !flow.Run.IsRecorded(key)) return await running;   // in a replay the work may be done at once, but its clock was set
        var clock = flow.Run.Part();
        var expired = clock.Context.SleepAsync(key, limit);
        if (await Task.WhenAny(running, expired) == running)
        {
            clock.Cancel();
            return await running;
        }
        work.Cancel();
        throw new WorkflowException(FailureClassifier.Timeout($"It did not finish within {limit.TotalSeconds:0.###} s.", pointer), ErrorClass.Connectivity);
    }

    private static Result Choose(TaskNode.Switch choice, JqValue input, Scope scope)
    {
        Directive? otherwise = null;
        foreach (var one in choice.Cases)
        {
            if (one.When is null) otherwise = one.Then;
            else if (one.When.Evaluate(input, scope, choice.Pointer).IsTruthy) return new Result(input, Then: one.Then);
        }
        return new Result(input, Then: otherwise);
    }

    private async ValueTask<Result> ForAsync(TaskNode.For loop, Place place, JqValue input, Scope scope, Flow flow)
    {
        var items = Items(loop.In, input, scope, loop.Pointer);
        var result = new Result(input);
        for (var i = 0; i < items.Count; i++)
        {
            var inner = scope.With(loop.Each, items[i]).With(loop.At, i);
            if (loop.While is not null && !loop.While.Evaluate(result.Output, inner, loop.Pointer).IsTruthy) break;
            result = await NestedAsync(loop.Tasks, $"{place}[{i}]/do", result.Output, inner, flow);
            if (result.Ended) return result;
        }
        return result;
    }

    private static JqArray Items(Template source, JqValue input, Scope scope, string pointer)
    {
        var value = source.Evaluate(input, scope, pointer);
        if (value.TryGetArray(out var items)) return items;
        if (value.IsNull) return JqArray.Empty;
        throw Fault(ErrorTypes.Expression, 400, "Not a list", $"'in' gave {Parsing.ObjectReader.Describe(value)}, not a list.", pointer);
    }

    private async ValueTask<Result> ForkAsync(TaskNode.Fork fork, Place place, JqValue input, Scope scope, Flow flow)
    {
        var parts = new List<CancellablePart>();
        var branches = new List<Task<Result>>();
        for (var i = 0; i < fork.Branches.Tasks.Length; i++)
        {
            var task = fork.Branches.Tasks[i];
            var part = flow.Run.Part();
            parts.Add(part);
            branches.Add(BranchAsync(task, new Place($"{place}/fork/branches", i, task.Name, 0), input, scope, flow with { Run = part.Context }));
        }
        var open = new List<Task<Result>>(branches);
        WorkflowException? failure = null;
        while (open.Count > 0)
        {
            var done = await Task.WhenAny(open);
            open.Remove(done);
            if (done.IsFaulted) failure = done.Exception.InnerException as WorkflowException ?? throw done.Exception.InnerException!;
            var settles = done.IsFaulted ? !fork.Compete || open.Count == 0 : fork.Compete || done.Result.Ended;
            if (!settles) continue;
            foreach (var part in parts) part.Cancel();
            return done.IsFaulted ? throw failure! : done.Result;
        }
        return new Result(JqValue.Array([.. branches.Select(branch => branch.Result.Output)]));
    }

    private async Task<Result> BranchAsync(TaskNode task, Place place, JqValue input, Scope scope, Flow flow)
    {
        var result = await RunTaskAsync(task, place, input, scope, flow);
        scope.Frame.Steps = scope.Frame.Steps.With(task.Name, result.Output);
        return result.Ended || (result.Then ?? task.Then) is Directive.Stop ? new Result(result.Output, Ended: true) : new Result(result.Output);
    }

    private async ValueTask ValidateAsync(SchemaRule? rule, JqValue value, Flow flow, string key, string pointer, string what)
    {
        if (rule is null) return;
        var schema = rule.Inline ?? await ReadSchemaAsync(rule.Resource!, flow, key, pointer);
        var result = schema.Validate(value);
        if (!result.IsValid) throw Fault(ErrorTypes.Validation, 400, "Validation Error", $"{what} does not fit its schema: {result.ToRepairText(1_000).ReplaceLineEndings(" ")}", pointer);
    }

    private async ValueTask<JsonSchema> ReadSchemaAsync(Endpoint resource, Flow flow, string key, string pointer)
    {
        var document = await FetchAsync(resource, flow, key, JqValue.Null, new Scope(new RunFrame(() => default, () => default, JqOptions.Default)), pointer);
        try
        {
            return JsonSchema.Compile(document);
        }
        catch (JsonSchemaException e)
        {
            throw Fault(ErrorTypes.Configuration, 400, "Not a schema", e.Message, pointer);
        }
    }

    private static TimeSpan Duration(Template template, JqValue input, Scope scope, string pointer) =>
        Durations.TryRead(template.Evaluate(input, scope, pointer), out var duration, out var fault) ? duration : throw Fault(ErrorTypes.Expression, 400, "Not a duration", fault!, pointer);
}
