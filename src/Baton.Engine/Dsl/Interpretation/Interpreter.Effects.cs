using System.Diagnostics;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Dsl.Parsing;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Tasks that are one effect: calls and processes. Their arguments are evaluated inside the step, so that secrets never leave it.</summary>
internal sealed partial class Interpreter
{
    /// <summary>How deep functions may call functions: one that calls itself without end would take the whole server with it.</summary>
    private const int MaxCalls = 20;

    private async ValueTask<Result> EffectAsync(TaskNode task, Place place, JqValue input, Scope scope, Flow flow)
    {
        var result = await EffectAsync(task, $"{place}", input, scope, flow, null);
        return task is TaskNode.RunProcess { Process.Await: false } ? new Result(input) : result;   // a process that is left to itself has no result
    }

    /// <summary>Performs the task's effect under a key, as it stands or changed by what stands in for it.</summary>
    private async ValueTask<Result> EffectAsync(TaskNode task, string key, JqValue input, Scope scope, Flow flow, Substitute? substitute)
    {
        var timeout = task.Timeout is null ? (TimeSpan?)null : Duration(task.Timeout, input, scope, task.Pointer);
        var caches = flow.Policy is { NeedsCache: true };
        return await StepAsync(key, task.Name, task.Pointer, timeout, flow, tenant => Request(task, tenant, input, scope), async (request, step) =>
        {
            if (substitute?.Change is { } change) request = change(request);
            step.RefreshesCredential = substitute is { RefreshesCredential: true };
            var output = substitute?.AtMost is { } most ? await gates.RunAsync(task.Pointer, most, () => host.PerformAsync(request, step), step.Cancel) : await host.PerformAsync(request, step);
            if (caches) await host.PerformAsync(new EffectRequest.Remember(InputOf(task, input, request), output), step);
            return output;
        });
    }

    private EffectRequest Request(TaskNode task, TenantId tenant, JqValue input, Scope scope)
    {
        var evaluation = new Evaluation(host, tenant, input, scope, task.Pointer);
        return task switch
        {
            TaskNode.CallHttp call => evaluation.Http(call.Http),
            TaskNode.CallOpenApi call => evaluation.OpenApi(call),
            TaskNode.CallFunction call => new EffectRequest.Function(call.Function, call.Arguments.Evaluate(input, scope, task.Pointer)),
            TaskNode.RunProcess run => evaluation.Process(run.Process),
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>Performs an effect as a step, or directly where the whole item of a map is one.</summary>
    private async ValueTask<Result> StepAsync(string key, string label, string pointer, TimeSpan? timeout, Flow flow, Func<TenantId, EffectRequest> request, Func<EffectRequest, StepContext, Task<JqValue>>? perform = null)
    {
        try
        {
            if (flow.Step is { } step) return new Result(await PerformAsync(request, step, pointer, perform));
            var output = await flow.Run.StepAsync(key, step => PerformAsync(request, step, pointer, perform), new StepOptions { Label = label, Timeout = timeout, Policy = perform is null ? null : flow.Policy });
            return new Result(output);
        }
        catch (WorkflowException e) when (e.Error.Instance == key)
        {
            throw e.With(e.Error with { Instance = pointer });
        }
    }

    private async Task<JqValue> PerformAsync(Func<TenantId, EffectRequest> request, StepContext step, string pointer, Func<EffectRequest, StepContext, Task<JqValue>>? perform)
    {
        try
        {
            return await (perform ?? host.PerformAsync)(request(step.Tenant), step);
        }
        catch (WorkflowException e) when (e.Error.Instance is null || !tree.Use.Secrets.IsEmpty)
        {
            throw Masked(new WorkflowException(e.Error with { Instance = e.Error.Instance ?? pointer }, e.Class, e) { RetryAfter = e.RetryAfter }, step.Tenant);
        }
    }

    private async ValueTask<JqValue> FetchAsync(Endpoint resource, Flow flow, string key, JqValue input, Scope scope, string pointer)
    {
        var result = await StepAsync(key, "fetch", pointer, null, flow, tenant => new EffectRequest.Fetch(new Evaluation(host, tenant, input, scope, pointer).Resource(resource)));
        return result.Output;
    }

    private async ValueTask<Result> CallReusableAsync(TaskNode.CallReusable call, Place place, JqValue input, Scope scope, Flow flow)
    {
        var function = tree.Use.Functions[call.Function];
        var result = await RunTaskAsync(function, new Place($"{place}~{call.Function}", 0, function.Name, 0), call.Arguments.Evaluate(input, scope, call.Pointer), scope, Deeper(flow, call.Function, call.Pointer));
        return result.Ended ? result : new Result(result.Output);
    }

    private static Flow Deeper(Flow flow, string function, string pointer) => flow.Calls < MaxCalls ? flow with { Calls = flow.Calls + 1 }
        : throw Fault(ErrorTypes.Runtime, 500, "Endless calls", $"Functions call each other more than {MaxCalls} deep, here '{function}'. Where one calls itself, give the call an 'if' that ends it.", pointer);

    private async ValueTask<Result> CallExternalAsync(TaskNode.CallExternal call, Place place, JqValue input, Scope scope, Flow flow)
    {
        var inner = Deeper(flow, call.Name, call.Pointer);
        var definition = await FetchAsync(call.Document, flow, $"{place}~function", input, scope, call.Pointer);
        TaskNode function;
        try
        {
            function = DocumentParser.ParseTask(definition, call.Name, call.Pointer, host);
        }
        catch (InvalidWorkflowException e)
        {
            throw Fault(ErrorTypes.Configuration, 400, "Not a function", e.Message, call.Pointer);
        }
        var result = await RunTaskAsync(function, new Place($"{place}~call", 0, function.Name, 0), call.Arguments.Evaluate(input, scope, call.Pointer), scope, inner);
        return result.Ended ? result : new Result(result.Output);
    }

    /// <summary>Another run, awaited or left to itself. The version is looked up once and recorded.</summary>
    private async ValueTask<Result> RunWorkflowAsync(TaskNode.RunWorkflow task, Place place, JqValue input, Scope scope, Flow flow)
    {
        var space = Text(task.Namespace) ?? tree.Ref.Namespace;
        var name = Text(task.WorkflowName) ?? throw Fault(ErrorTypes.Configuration, 400, "No workflow", "The name of the workflow to run is empty.", task.Pointer);
        var found = await StepAsync($"{place}~version", task.Name, task.Pointer, null, flow, _ => new EffectRequest.FindWorkflow(space, name, Text(task.Version) ?? "latest"));
        var reference = new WorkflowRef(space, name, found.Output["version"].AsString());
        var argument = task.Argument?.Evaluate(input, scope, task.Pointer) ?? input;
        if (!task.Await)
        {
            await flow.Run.StartAsync($"{place}", reference, argument);
            return new Result(input);
        }
        try
        {
            var output = await flow.Run.ChildAsync<JqValue, JqValue>($"{place}", reference, argument);
            return new Result(task.ReturnNothing ? JqValue.Null : output);
        }
        catch (WorkflowException e)
        {
            throw new WorkflowException(e.Error with { Instance = task.Pointer }, e.Class, e);
        }

        string? Text(Template template)
        {
            var value = template.Evaluate(input, scope, task.Pointer);
            return value.TryGetString(out var text) && text.Length > 0 ? text : null;
        }
    }
}
