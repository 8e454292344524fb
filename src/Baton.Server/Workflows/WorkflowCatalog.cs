using System.Collections.Concurrent;
using System.Collections.Frozen;
using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Cluster;

namespace Baton.Server.Workflows;

/// <summary>What a run executes.</summary>
/// <param name="CompensatesOnCancel">Whether a cancelled run, too, undoes what its finished tasks did.</param>
/// <param name="Concurrency">How many of its runs may be open at once; null for any number.</param>
/// <param name="Priority">Of runs that are started without one.</param>
internal sealed record RunnableWorkflow(WorkflowBody Body, bool CompensatesOnCancel, ConcurrencyLimits? Concurrency, int Priority = 0);

/// <summary>Finds what a run executes: workflows in code, which every tenant has, and documents, which belong to one.</summary>
internal sealed class WorkflowCatalog
{
    /// <summary>Parsed documents that are kept: they are small, and a busy server uses few at a time.</summary>
    private const int MaxCached = 1_000;

    private readonly DefinitionStore definitions;
    private readonly Lazy<IWorkflowEffects> effects;
    private readonly FrozenDictionary<WorkflowRef, CodeWorkflow> code;
    private readonly ConcurrentDictionary<(TenantId, WorkflowRef), WorkflowDefinition> parsed = new();
    private readonly ConcurrentDictionary<(TenantId, string, string), string?> newest = new();
    private int registrations;

    public WorkflowCatalog(IEnumerable<CodeWorkflow> code, DefinitionStore definitions, Lazy<IWorkflowEffects> effects, Wakeups wakeups)
    {
        (this.definitions, this.effects) = (definitions, effects);
        this.code = code.ToFrozenDictionary(workflow => workflow.Ref);
        wakeups.RegisteredElsewhere += ForgetNewest;
        wakeups.NewsMissed += ForgetNewest;
    }

    public IEnumerable<WorkflowRef> CodeWorkflows => code.Keys.OrderBy(workflow => workflow.ToString(), StringComparer.Ordinal);

    /// <summary>Parses a document against what this server offers.</summary>
    /// <exception cref="InvalidWorkflowException">It breaks a rule.</exception>
    public WorkflowDefinition Parse(string text) => WorkflowDefinition.Parse(text, effects.Value);

    /// <summary>The body of a workflow, or null when this server does not have it.</summary>
    public async ValueTask<RunnableWorkflow?> FindAsync(TenantId tenant, WorkflowRef workflow, CancellationToken cancel)
    {
        if (code.TryGetValue(workflow, out var own)) return new RunnableWorkflow(own.Body, own.CompensatesOnCancel, own.Concurrency, own.Priority);
        return await DefinitionAsync(tenant, workflow, cancel) is { } definition ? new RunnableWorkflow(definition.Body, definition.CompensatesOnCancel, definition.Concurrency, definition.Priority) : null;
    }

    /// <summary>A document as it can be run; null for workflows in code and unknown ones.</summary>
    public async ValueTask<WorkflowDefinition?> DefinitionAsync(TenantId tenant, WorkflowRef workflow, CancellationToken cancel)
    {
        if (parsed.TryGetValue((tenant, workflow), out var known)) return known;
        if (code.ContainsKey(workflow)) return null;
        if (await definitions.GetAsync(tenant, workflow, cancel) is not { } stored) return null;
        if (parsed.Count >= MaxCached) parsed.Clear();
        return parsed[(tenant, workflow)] = Parse(stored.Document);
    }

    /// <summary>The document, or why this server does not accept it any more: a newer version may have, or one that offers other functions.</summary>
    public async ValueTask<(WorkflowDefinition? Definition, string? Fault)> ReadAsync(TenantId tenant, WorkflowRef workflow, CancellationToken cancel)
    {
        try
        {
            return (await DefinitionAsync(tenant, workflow, cancel), null);
        }
        catch (InvalidWorkflowException e)
        {
            return (null, e.Message);
        }
    }

    /// <summary>The workflow that goes by a type such as <c>pr_confidence_analysis</c>: by its name with hyphens, or by <c>metadata.baton.types</c> of its document.</summary>
    public async ValueTask<WorkflowName?> FindTypeAsync(TenantId tenant, string type, CancellationToken cancel)
    {
        var name = new WorkflowName("default", type.Replace('_', '-').ToLowerInvariant());
        if (await ResolveAsync(tenant, name, cancel) is not null) return name;
        for (var after = new WorkflowRef("", "", ""); ;)
        {
            var page = await definitions.ListAsync(tenant, after, 100, cancel);
            foreach (var stored in page)
            {
                var metadata = (await ReadAsync(tenant, stored.Ref, cancel)).Definition?.Source["document"]["metadata"]["baton"]["types"] ?? JqValue.Null;
                if (metadata.TryGetArray(out var types) && types.Any(one => one.TryGetString(out var text) && text == type)) return new WorkflowName(stored.Namespace, stored.Name);
            }
            if (page.Count < 100) return null;
            after = page[^1].Ref;
        }
    }

    /// <summary>The workflow of that name: the version that is asked for, or the newest.</summary>
    public async ValueTask<WorkflowRef?> ResolveAsync(TenantId tenant, WorkflowName name, CancellationToken cancel)
    {
        if (name.Version is { } version && version != "latest")
        {
            var exact = new WorkflowRef(name.Namespace, name.Name, version);
            return code.ContainsKey(exact) || parsed.ContainsKey((tenant, exact)) || await definitions.GetAsync(tenant, exact, cancel) is not null ? exact : null;
        }
        var known = code.Keys.Where(workflow => workflow.Namespace == name.Namespace && workflow.Name == name.Name);
        if (await NewestAsync(tenant, name, cancel) is { } stored) known = known.Append(new WorkflowRef(name.Namespace, name.Name, stored));
        return known.OrderByDescending(workflow => workflow.Version, SemanticVersion.Comparer).FirstOrDefault();
    }

    /// <summary>A version may have been registered: which is the newest is asked again.</summary>
    public void ForgetNewest()
    {
        Interlocked.Increment(ref registrations);   // first: what was read before it is not kept after it
        newest.Clear();
    }

    /// <summary>The newest stored version; null where there is none, as for most workflows in code. Every start that names no version asks: the database is not.</summary>
    private async ValueTask<string?> NewestAsync(TenantId tenant, WorkflowName name, CancellationToken cancel)
    {
        var key = (tenant, name.Namespace, name.Name);
        if (newest.TryGetValue(key, out var known)) return known;
        var before = Volatile.Read(ref registrations);
        var found = await definitions.NewestAsync(tenant, name.Namespace, name.Name, cancel);
        if (newest.Count >= MaxCached) newest.Clear();
        newest[key] = found;
        if (Volatile.Read(ref registrations) != before) newest.TryRemove(key, out _);
        return found;
    }
}
