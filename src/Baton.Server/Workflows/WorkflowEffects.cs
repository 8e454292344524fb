using System.Collections.Frozen;
using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;
using Baton.Server.Processes;

namespace Baton.Server.Workflows;

/// <summary>What workflow documents may do in this server.</summary>
internal sealed class WorkflowEffects(
    IEnumerable<HostedFunctions> functions, WorkflowCatalog catalog, SecretStore secrets, HttpCalls http, OpenApiCalls openApi, ProcessCalls processes, ResourceReader resources) : IWorkflowEffects
{
    private readonly FrozenDictionary<string, HostedFunction> functions = functions.SelectMany(feature => feature.All).ToFrozenDictionary(function => function.Description.Name, StringComparer.Ordinal);

    public IEnumerable<string> FunctionNames => functions.Keys;

    public WorkflowFunction? FindFunction(string name) => functions.GetValueOrDefault(name)?.Description;

    public string? FindSecret(TenantId tenant, string name) => secrets.Find(tenant, name);

    public Task<JqValue> PerformAsync(EffectRequest request, StepContext step) => request switch
    {
        EffectRequest.Function call => functions[call.Name].InvokeAsync(call.Arguments, step),
        EffectRequest.FindWorkflow find => FindWorkflowAsync(find, step),
        EffectRequest.Http call => http.PerformAsync(call, step),
        EffectRequest.OpenApi call => openApi.PerformAsync(call, step),
        EffectRequest.Process call => processes.PerformAsync(call, step),
        EffectRequest.Fetch fetch => resources.PerformAsync(fetch, step),
        _ => throw new ArgumentOutOfRangeException(nameof(request), request, "Not a known effect."),
    };

    private async Task<JqValue> FindWorkflowAsync(EffectRequest.FindWorkflow find, StepContext step)
    {
        var name = new WorkflowName(find.Namespace, find.Name, find.Version);
        var workflow = await catalog.ResolveAsync(step.Tenant, name, step.Cancel)
            ?? throw new WorkflowException(new WorkflowError(ErrorTypes.Configuration, 404, "Unknown workflow", $"There is no workflow {name} to run. Register it first."), ErrorClass.DataValidation);
        return JqValue.Object(("version", workflow.Version));
    }
}
