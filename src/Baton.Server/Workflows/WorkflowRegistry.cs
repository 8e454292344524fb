using Baton.Client;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Cluster;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Registers documents, puts their schedules in force, and shows what there is.</summary>
internal sealed class WorkflowRegistry(WorkflowCatalog catalog, DefinitionStore definitions, ScheduleTable schedules, RunWrites writes, TimeProvider time)
{
    private readonly ScheduleSql sql = writes.Sql.Schedules;

    /// <param name="revise">True to register other content under a taken version as its revision, instead of refusing it.</param>
    /// <exception cref="InvalidWorkflowException">The document breaks a rule.</exception>
    public async Task<(WorkflowRef Workflow, RegisterResult Result)> RegisterAsync(TenantId tenant, string text, bool revise, CancellationToken cancel)
    {
        var definition = catalog.Parse(text);
        if (RetentionRule.Fault(definition.Source) is var (field, rule))
            throw new InvalidWorkflowException([new DslProblem($"/document/metadata/baton/retention{(field.Length == 0 ? "" : $"/{field}")}", rule, "Write for example { completed: P30D, failed: P90D }.")]);
        var (workflow, result) = (definition.Ref, await StoreAsync(tenant, definition.Ref, definition, text, cancel));
        if (result is not RegisterResult.OtherContent || !revise) return (workflow, result);
        workflow = workflow with { Version = $"{workflow.Version.Split('+')[0]}+{definition.Hash[..8]}" };
        return (workflow, await StoreAsync(tenant, workflow, definition, text, cancel));
    }

    private async Task<RegisterResult> StoreAsync(TenantId tenant, WorkflowRef workflow, WorkflowDefinition definition, string text, CancellationToken cancel)
    {
        var newest = await catalog.ResolveAsync(tenant, new WorkflowName(workflow.Namespace, workflow.Name), cancel);
        var isNewest = newest is null || SemanticVersion.Comparer.Compare(workflow.Version, newest.Version) >= 0;
        var due = definition.Schedule?.Next(time.GetUtcNow());
        var isTold = false;   // a document that is there already is no news: every start of a node brings those of its folder
        var result = await definitions.RegisterAsync(tenant, workflow, definition.Hash, text, isNewest ? Put : null, () => isTold ? [NodeNews.Registered] : null);
        if (result is RegisterResult.Registered && isNewest)
        {
            catalog.ForgetNewest();
            if (definition.Schedule is { } schedule) schedules.Put(new ActiveSchedule(tenant, workflow, schedule, definition.Priority, due));
            else schedules.Remove(tenant, workflow);
        }
        return result;

        void Put(SqlStatements statements)
        {
            Schedule(statements, tenant, workflow, definition.Schedule, due);
            isTold = true;
        }
    }

    public async ValueTask<WorkflowView?> ViewAsync(TenantId tenant, WorkflowRef workflow, bool whole, CancellationToken cancel)
    {
        if (catalog.CodeWorkflows.Contains(workflow)) return Views.Workflow(workflow);
        if (await definitions.GetAsync(tenant, workflow, cancel) is not { } stored) return null;
        return Views.Workflow(stored, await catalog.ReadAsync(tenant, workflow, cancel), whole);
    }

    public async Task<IReadOnlyList<WorkflowView>> VersionsAsync(TenantId tenant, string space, string name, CancellationToken cancel)
    {
        var views = catalog.CodeWorkflows.Where(workflow => workflow.Namespace == space && workflow.Name == name).Select(Views.Workflow).ToList();
        foreach (var stored in await definitions.VersionsAsync(tenant, space, name, cancel)) views.Add(Views.Workflow(stored, await catalog.ReadAsync(tenant, stored.Ref, cancel), whole: false));
        return [.. views.OrderByDescending(view => view.Version, SemanticVersion.Comparer)];
    }

    /// <summary>Documents by name; workflows in code stand on the first page.</summary>
    public async Task<Page<WorkflowView>> ListAsync(TenantId tenant, WorkflowRef after, int limit, CancellationToken cancel)
    {
        var views = after.Namespace.Length == 0 ? catalog.CodeWorkflows.Select(Views.Workflow).ToList() : [];
        var stored = await definitions.ListAsync(tenant, after, limit + 1, cancel);
        foreach (var one in stored.Take(limit)) views.Add(Views.Workflow(one, await catalog.ReadAsync(tenant, one.Ref, cancel), whole: false));
        return new Page<WorkflowView>(views, stored.Count > limit ? stored[limit - 1].Ref.ToString() : null);
    }

    private void Schedule(SqlStatements statements, TenantId tenant, WorkflowRef workflow, WorkflowSchedule? schedule, DateTimeOffset? due)
    {
        var statement = statements[schedule is null ? sql.Remove : sql.Put].Bind(1, tenant.Value).Bind(2, workflow.Namespace).Bind(3, workflow.Name);
        if (schedule is not null) statement.Bind(4, workflow.Version).Bind(5, schedule.Kind).Bind(6, due?.ToUnixTimeMilliseconds());
        statement.Execute();
    }
}
