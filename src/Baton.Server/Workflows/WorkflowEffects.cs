using System.Collections.Frozen;
using System.Data.Common;
using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;
using Baton.Server.Processes;

namespace Baton.Server.Workflows;

/// <summary>What workflow documents may do in this server.</summary>
internal sealed class WorkflowEffects(
    IEnumerable<HostedFunctions> functions, WorkflowCatalog catalog, SecretStore secrets, RunQueries runs, HttpCalls http, OpenApiCalls openApi, ProcessCalls processes, ResourceReader resources, TaskOutputs outputs, PolicyCatalog policies) : IWorkflowEffects
{
    /// <summary>A workflow that runs itself and waits for it would otherwise go on until the disk is full. Runs that nobody awaits may follow each other for ever.</summary>
    private const int MaxDepth = 50;

    private readonly FrozenDictionary<string, HostedFunction> functions = functions.SelectMany(feature => feature.All).ToFrozenDictionary(function => function.Description.Name, StringComparer.Ordinal);

    public IEnumerable<string> FunctionNames => functions.Keys;

    public WorkflowFunction? FindFunction(string name) => functions.GetValueOrDefault(name)?.Description;

    public PolicyCatalog Policies => policies;

    public string? FindSecret(TenantId tenant, string name) => secrets.Find(tenant, name);

    public async Task<JqValue> PerformAsync(EffectRequest request, StepContext step)
    {
        try
        {
            return await ChooseAsync(request, step);
        }
        catch (DbException e)   // of a read: the step waits until storage is back
        {
            throw new StorageUnavailableException($"The storage cannot be read: {e.Message}", e);
        }
    }

    private Task<JqValue> ChooseAsync(EffectRequest request, StepContext step) => request switch
    {
        EffectRequest.Function call => functions[call.Name].InvokeAsync(call.Arguments, step),
        EffectRequest.FindWorkflow find => FindWorkflowAsync(find, step),
        EffectRequest.Http call => http.PerformAsync(call, step),
        EffectRequest.OpenApi call => openApi.PerformAsync(call, step),
        EffectRequest.Process call => processes.PerformAsync(call, step),
        EffectRequest.Fetch fetch => resources.PerformAsync(fetch, step),
        EffectRequest.Remember keep => outputs.KeepAsync(keep, step),
        EffectRequest.Recall recall => outputs.FindAsync(recall, step),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request, "Not a known effect."),
    };

    private async Task<JqValue> FindWorkflowAsync(EffectRequest.FindWorkflow find, StepContext step)
    {
        var name = new WorkflowName(find.Namespace, find.Name, find.Version);
        var workflow = await catalog.ResolveAsync(step.Tenant, name, step.Cancel)
            ?? throw new WorkflowException(new WorkflowError(ErrorTypes.Configuration, 404, "Unknown workflow", $"There is no workflow {name} to run. Register it first."), ErrorClass.DataValidation);
        if (await runs.AwaitingAncestorsAsync(step.Tenant, step.Run, MaxDepth, step.Cancel) >= MaxDepth)
            throw new WorkflowException(new WorkflowError(ErrorTypes.Configuration, 400, "Workflows nest too deep", $"{MaxDepth} runs already wait for each other above this one, and it wants to run {name}. Does a workflow run itself without end? Let one of them go on without waiting (await: false), or use a loop."), ErrorClass.DataValidation);
        return JqValue.Object(("version", workflow.Version));
    }
}
