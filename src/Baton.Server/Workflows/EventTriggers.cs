using Baton.Engine;
using Baton.Jq;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Workflows that events start. Asked inside the writer's transaction: the run is stored together with what gave reason for it.</summary>
internal sealed class EventTriggers(ScheduleTable schedules, ScheduleSql sql, TimeProvider time)
{
    /// <summary>Whether a schedule waits for the ends of such runs.</summary>
    public bool IsFollowed(TenantId tenant, string space, string workflow) => schedules.Find(tenant, space, workflow) is { Schedule.Kind: "after" };

    /// <summary>Whether a schedule waits for the ends of any runs.</summary>
    public bool FollowsAny => schedules.FollowsAny;

    /// <returns>How many runs were started.</returns>
    public int Fire(TenantId tenant, CloudEvent published, SqlStatements statements, Action<NewRun> start)
    {
        var started = 0;
        foreach (var active in schedules.All)
        {
            if (active.Tenant != tenant || !IsWanted(active, published)) continue;
            var (space, name) = (active.Workflow.Namespace, active.Workflow.Name);
            var before = Collected(statements, tenant, space, name);
            var (kept, input) = active.Schedule.Collect(before, JqValue.Parse(published.Json.Span, null));
            if (kept != before) statements[sql.Collect].Bind(1, tenant.Value).Bind(2, space).Bind(3, name).Bind(4, kept.ToJson()).Execute();
            if (input is not { } array) continue;
            start(new NewRun(RunId.New(time), active.Workflow, array.ToUtf8Bytes()) { Priority = active.Priority, Labels = ScheduledLabel });
            started++;
        }
        return started;
    }

    /// <summary>Marks runs that nobody asked for.</summary>
    internal static readonly IReadOnlyDictionary<string, string> ScheduledLabel = new Dictionary<string, string>(StringComparer.Ordinal) { ["baton.started_by"] = "schedule" };

    private static bool IsWanted(ActiveSchedule active, CloudEvent published) =>
        active.Schedule.Subscriptions.Any(subscription => (subscription.Type ?? published.Type) == published.Type && (subscription.Source ?? published.Source) == published.Source);

    private JqValue Collected(SqlStatements statements, TenantId tenant, string space, string name)
    {
        var find = statements[sql.Collected].Bind(1, tenant.Value).Bind(2, space).Bind(3, name);
        if (!find.Step()) return JqValue.EmptyArray;
        var text = find.TextOrNull(0);
        find.Reset();
        return text is null ? JqValue.EmptyArray : JqValue.Parse(text, null);
    }
}
