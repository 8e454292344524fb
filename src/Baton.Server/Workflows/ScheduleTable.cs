using System.Collections.Immutable;
using Baton.Engine;
using Baton.Engine.Dsl;

namespace Baton.Server.Workflows;

/// <summary>A schedule in force.</summary>
/// <param name="Priority">Of the runs that it starts.</param>
internal sealed record ActiveSchedule(TenantId Tenant, WorkflowRef Workflow, WorkflowSchedule Schedule, int Priority, DateTimeOffset? Due);

/// <summary>All schedules in force, as one immutable snapshot.</summary>
internal sealed class ScheduleTable
{
    private ImmutableDictionary<(TenantId, string, string), ActiveSchedule> schedules = ImmutableDictionary<(TenantId, string, string), ActiveSchedule>.Empty;
    private bool followsAny;

    /// <summary>Raised after a change.</summary>
    public event Action? Changed;

    public IEnumerable<ActiveSchedule> All => Volatile.Read(ref schedules).Values;

    /// <summary>Whether any is due after the end of the run before.</summary>
    public bool FollowsAny => Volatile.Read(ref followsAny);

    public ActiveSchedule? Find(TenantId tenant, string space, string workflow) => Volatile.Read(ref schedules).GetValueOrDefault((tenant, space, workflow));

    /// <summary>Takes the place of all.</summary>
    public void Replace(IEnumerable<ActiveSchedule> all)
    {
        Volatile.Write(ref schedules, all.ToImmutableDictionary(one => KeyOf(one.Tenant, one.Workflow)));
        Tell();
    }

    public void Put(ActiveSchedule schedule)
    {
        ImmutableInterlocked.AddOrUpdate(ref schedules, KeyOf(schedule.Tenant, schedule.Workflow), schedule, (_, _) => schedule);
        Tell();
    }

    /// <summary>Sets when a schedule is due next, unless another took its place meanwhile: a newer version of the workflow.</summary>
    public void Move(ActiveSchedule schedule, DateTimeOffset? due)
    {
        if (ImmutableInterlocked.TryUpdate(ref schedules, KeyOf(schedule.Tenant, schedule.Workflow), schedule with { Due = due }, schedule)) Changed?.Invoke();
    }

    public void Remove(TenantId tenant, WorkflowRef workflow)
    {
        ImmutableInterlocked.TryRemove(ref schedules, KeyOf(tenant, workflow), out _);
        Tell();
    }

    private void Tell()
    {
        Volatile.Write(ref followsAny, All.Any(one => one is { Schedule.Kind: "after" }));
        Changed?.Invoke();
    }

    private static (TenantId, string, string) KeyOf(TenantId tenant, WorkflowRef workflow) => (tenant, workflow.Namespace, workflow.Name);
}
