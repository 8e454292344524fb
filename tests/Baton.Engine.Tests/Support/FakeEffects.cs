using System.Collections.Concurrent;
using Baton.Engine.Dsl;
using Baton.Jq;

namespace Baton.Engine.Tests.Support;

/// <summary>A host for documents: its functions are a test's own, and it remembers what it was asked to do.</summary>
internal sealed class FakeEffects : IWorkflowEffects
{
    private readonly Dictionary<string, (WorkflowFunction Function, Func<JqValue, StepContext, Task<JqValue>> Code)> functions = new(StringComparer.Ordinal);

    /// <summary>What was asked for, in order.</summary>
    public ConcurrentQueue<EffectRequest> Requests { get; } = new();

    public Dictionary<string, string> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>Answers HTTP, OpenAPI, process and fetch requests.</summary>
    public Func<EffectRequest, JqValue> Answer { get; set; } = request => JqValue.Object(("asked", request.GetType().Name));

    public PolicyCatalog Policies { get; set; } = PolicyCatalog.BuiltIn;

    /// <summary>Outputs that were kept for later runs.</summary>
    public ConcurrentDictionary<TaskInput, (JqValue Output, long At)> Kept { get; } = new();

    public IEnumerable<string> FunctionNames => functions.Keys;

    public FakeEffects With(string name, Func<JqValue, JqValue> code, params FunctionParameter[] parameters) => With(name, (arguments, _) => Task.FromResult(code(arguments)), parameters);

    public FakeEffects With(string name, Func<JqValue, StepContext, Task<JqValue>> code, params FunctionParameter[] parameters)
    {
        functions[name] = (new WorkflowFunction(name, "A test's.", parameters.Length == 0 ? [new FunctionParameter("value", false, "Anything.")] : [.. parameters]), code);
        return this;
    }

    public WorkflowFunction? FindFunction(string name) => functions.TryGetValue(name, out var found) ? found.Function : null;

    public string? FindSecret(TenantId tenant, string name) => Secrets.GetValueOrDefault(name);

    public Task<JqValue> PerformAsync(EffectRequest request, StepContext step)
    {
        Requests.Enqueue(request);
        return request switch
        {
            EffectRequest.Function call => functions[call.Name].Code(call.Arguments, step),
            EffectRequest.FindWorkflow find => Task.FromResult(JqValue.Object(("version", find.Version == "latest" ? "1.0.0" : find.Version))),
            EffectRequest.Remember keep => Task.FromResult(Keep(keep)),
            EffectRequest.Recall recall => Task.FromResult(Kept.TryGetValue(recall.Of, out var kept) ? JqValue.Object(("output", kept.Output), ("at", kept.At)) : JqValue.Null),
            _ => Task.FromResult(Answer(request)),
        };
    }

    private JqValue Keep(EffectRequest.Remember keep)
    {
        Kept[keep.Of] = (keep.Output, 0);
        return JqValue.Null;
    }
}
