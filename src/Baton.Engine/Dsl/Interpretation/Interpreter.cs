using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>
/// Executes a document as one workflow function over a <see cref="RunContext"/>: effects, waits, events and child runs are recorded under
/// the task's place; what is pure (set, switch, conditions, transformations) is computed again in a replay.
/// </summary>
internal sealed partial class Interpreter(WorkflowTree tree, IWorkflowEffects host)
{
    /// <summary>Tasks that may follow each other without anything recorded: beyond this, a <c>then</c> goes in circles.</summary>
    private const int MaxPureTasks = 100_000;

    private readonly Gates gates = new();

    public async Task<ReadOnlyMemory<byte>> RunAsync(RunContext run, ReadOnlyMemory<byte> payload)
    {
        try
        {
            return await RunDocumentAsync(run, payload);
        }
        catch (WorkflowException e) when (!tree.Use.Secrets.IsEmpty)
        {
            throw Masked(e, run.Tenant);
        }
    }

    private async Task<ReadOnlyMemory<byte>> RunDocumentAsync(RunContext run, ReadOnlyMemory<byte> payload)
    {
        var raw = payload.IsEmpty ? JqValue.Null : JqValue.Parse(payload.Span, Payloads.Trusted);
        var options = new JqOptions { Time = new RunClock(() => run.Now) };
        var frame = new RunFrame(() => Descriptors.Workflow(run, tree.Source, raw), () => ReadSecrets(run.Tenant), options);
        var scope = new Scope(frame);
        var flow = new Flow(run);
        await ValidateAsync(tree.Input?.Schema, raw, flow, "~input", "/input", "The workflow's input");
        var input = tree.Input?.From?.Evaluate(raw, scope, "/input/from") ?? raw;
        var result = await WithTimeoutAsync(tree.Timeout, flow, input, scope, "/timeout", "/", inner => RunListAsync(tree.Do, tree.Do.Pointer, input, scope.With("input", input), inner));
        var output = tree.Output?.As?.Evaluate(result.Output, scope, "/output/as") ?? result.Output;
        await ValidateAsync(tree.Output?.Schema, output, flow, "~output", "/output", "The workflow's output");
        return output.ToUtf8Bytes();
    }

    private async ValueTask<Result> RunListAsync(TaskList list, string path, JqValue input, Scope scope, Flow flow)
    {
        int[]? visits = null;
        var result = new Result(input);
        var pure = 0;
        for (var index = 0; index < list.Tasks.Length;)
        {
            var task = list.Tasks[index];
            var before = flow.Run.Now;
            result = await RunTaskAsync(task, new Place(path, index, task.Name, visits?[index] ?? 0), result.Output, scope, flow);
            if (result.Ended) return result;
            scope.Frame.Steps = scope.Frame.Steps.With(task.Name, result.Output);
            switch (result.Then ?? task.Then)
            {
                case Directive.Leave: return new Result(result.Output, Exited: true);
                case Directive.Stop: return new Result(result.Output, Ended: true);
                case Directive.Jump(var target):
                    var to = list.IndexOf(target);
                    for (var again = to; again <= index; again++) (visits ??= new int[list.Tasks.Length])[again]++;   // a jump back: what it passes may run once more
                    index = to;
                    break;
                default: index++; break;
            }
            pure = flow.Run.Now == before ? pure + 1 : 0;
            if (pure > MaxPureTasks) throw Fault(ErrorTypes.Runtime, 500, "Endless loop", $"{MaxPureTasks:N0} tasks ran without an effect between them: the flow goes in circles.", task.Pointer);
        }
        return new Result(result.Output);
    }

    /// <summary>One task with its data flow: condition, input, the task itself, output, export.</summary>
    private async ValueTask<Result> RunTaskAsync(TaskNode task, Place place, JqValue raw, Scope scope, Flow flow)
    {
        var startedAt = flow.Run.Now;
        var outer = flow.IsExtension ? scope : scope.WithLazy("task", () => Descriptors.Task(task, raw, default, startedAt));
        if (task.If is not null && !task.If.Evaluate(raw, outer, task.Pointer).IsTruthy) return new Result(raw, Then: Directive.Continue);
        if (task.Compensate is not null && (flow.Step is not null || flow.Run.IsItem)) throw Fault(ErrorTypes.Configuration, 400, "Not in a map", "What undoes the items of a map stands at the map, once for all of them: see $completed.output.", task.Pointer);
        if (flow.Step is null) flow.Run.ObserveTask(task.Pointer, task.Name);
        if (task.Input?.Schema is not null) await ValidateAsync(task.Input.Schema, raw, flow, $"{place}~input", task.Pointer, $"The input of '{task.Name}'");
        var input = task.Input?.From?.Evaluate(raw, outer, task.Pointer) ?? raw;
        var inner = outer.With("input", input);
        var result = await GuardedAsync(task, place, input, inner, flow);
        if (result.Ended) return result;
        if (!result.IsFinal) result = await FinishAsync(task, place, raw, input, result, scope, flow, startedAt);
        if (task.Compensate is not null && flow is { Step: null, IsCompensation: false }) CompensateWith(task, input, result.Output, scope, flow);
        return result;
    }

    /// <summary>What becomes of a task's output before the next task is given it.</summary>
    private async ValueTask<Result> FinishAsync(TaskNode task, Place place, JqValue raw, JqValue input, Result result, Scope scope, Flow flow, DateTimeOffset startedAt)
    {
        if (task.Output is null && task.Export is null) return result;
        var done = scope.With("input", input);
        if (!flow.IsExtension) done = done.WithLazy("task", () => Descriptors.Task(task, raw, result.Output, startedAt));
        var output = task.Output?.As?.Evaluate(result.Output, done, task.Pointer) ?? result.Output;
        if (task.Output?.Schema is not null) await ValidateAsync(task.Output.Schema, output, flow, $"{place}~output", task.Pointer, $"The output of '{task.Name}'");
        if (task.Export is not null) await ExportAsync(task.Export, output, done.With("output", output), flow, $"{place}~export", task.Pointer);
        return result with { Output = output };
    }

    private async ValueTask ExportAsync(OutputRule export, JqValue output, Scope scope, Flow flow, string key, string pointer)
    {
        if (export.As is not null) scope.Frame.Context = export.As.Evaluate(output, scope, pointer);
        await ValidateAsync(export.Schema, scope.Frame.Context, flow, key, pointer, "The exported context");
    }

    private ValueTask<Result> RunCoreAsync(TaskNode task, Place place, JqValue input, Scope scope, Flow flow) => task switch
    {
        TaskNode.Set set => new(new Result(set.Value.Evaluate(input, scope, task.Pointer))),
        TaskNode.Switch choice => new(Choose(choice, input, scope)),
        TaskNode.Raise raise => throw Raise(raise, input, scope),
        TaskNode.Do sequence => NestedAsync(sequence.Tasks, $"{place}/do", input, scope, flow),
        TaskNode.For loop => ForAsync(loop, place, input, scope, flow),
        TaskNode.Fork fork => ForkAsync(fork, place, input, scope, flow),
        TaskNode.Try attempt => TryAsync(attempt, place, input, scope, flow),
        TaskNode.Wait wait => WaitAsync(wait, place, input, scope, flow),
        TaskNode.Emit emit => EmitAsync(emit, place, input, scope, flow),
        TaskNode.Listen listen => ListenAsync(listen, place, input, scope, flow),
        TaskNode.CallHttp or TaskNode.CallOpenApi or TaskNode.CallFunction or TaskNode.RunProcess => EffectAsync(task, place, input, scope, flow),
        TaskNode.CallReusable call => CallReusableAsync(call, place, input, scope, flow),
        TaskNode.CallExternal call => CallExternalAsync(call, place, input, scope, flow),
        TaskNode.CallMap map => MapAsync(map, place, input, scope, flow),
        TaskNode.CallApprove call => ApproveAsync(call, place, input, scope, flow),
        TaskNode.CallAggregate call => new(new Result(Aggregation.Compute(call.Aggregate, input, scope, task.Pointer))),
        TaskNode.RunWorkflow run => RunWorkflowAsync(run, place, input, scope, flow),
        TaskNode.Unsupported unsupported => throw Fault(ErrorTypes.NotSupported, 501, "Not supported", $"'{unsupported.What}' is part of the language, but not of this server.", task.Pointer),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>A list inside a task: <c>exit</c> leaves the list, not the one around it.</summary>
    private async ValueTask<Result> NestedAsync(TaskList list, string path, JqValue input, Scope scope, Flow flow)
    {
        var result = await RunListAsync(list, path, input, scope, flow);
        return result.Ended ? result : new Result(result.Output);
    }

    /// <summary>What a template gives as a text: values of other kinds as JSON, null for nothing.</summary>
    internal static string? Text(Template? template, JqValue input, Scope scope, string pointer)
    {
        if (template is null) return null;
        var value = template.Evaluate(input, scope, pointer);
        return value.IsNull ? null : value.TryGetString(out var text) ? text : value.ToJson();
    }

    private JqValue ReadSecrets(TenantId tenant)
    {
        var secrets = new JqObject.Builder();
        foreach (var name in tree.Use.Secrets) secrets[name] = Secret(tenant, name, "/use/secrets");
        return secrets.ToObject();
    }

    /// <summary>The error as it may be kept and shown: without the secrets of the document.</summary>
    private WorkflowException Masked(WorkflowException thrown, TenantId tenant) =>
        tree.Use.Secrets.IsEmpty ? thrown : SecretMask.Apply(thrown, tree.Use.Secrets.Select(name => host.FindSecret(tenant, name) ?? ""));

    /// <summary>A secret as data where it is JSON, else as text.</summary>
    private JqValue Secret(TenantId tenant, string name, string pointer)
    {
        var text = host.FindSecret(tenant, name) ?? throw Fault(ErrorTypes.Authorization, 403, "Unknown secret", $"The secret '{name}' is not set on this server, or not for this tenant.", pointer, ErrorClass.Auth);
        if (!text.AsSpan().TrimStart().StartsWith("{")) return text;
        try
        {
            return JqValue.Parse(text, null);
        }
        catch (JqParseException)
        {
            return text;
        }
    }

    private static WorkflowException Fault(string type, int status, string title, string detail, string pointer, ErrorClass errorClass = ErrorClass.DataValidation) =>
        new(new WorkflowError(type, status, title, detail, pointer), errorClass);

    /// <summary>The run's own time, for jq's <c>now</c>.</summary>
    private sealed class RunClock(Func<DateTimeOffset> now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now();

        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;
    }
}
