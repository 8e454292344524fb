using Baton.Engine;
using Baton.Server.Cluster;

namespace Baton.Server.Workflows;

/// <summary>What a transaction gives reason to tell; told once it is durable.</summary>
internal sealed class Notices(Wakeups wakeups)
{
    private List<RunId>? changed;
    private List<(RunId Run, string? Request, string? Reason)>? called;
    private List<(TenantId Tenant, RunId Run, string Namespace, string Workflow)>? ended;
    private DateTimeOffset? parked;
    private bool queued;

    public void Queued() => queued = true;

    public void Called(RunId run, string? request = null, string? reason = null) => (called ??= []).Add((run, request, reason));

    public void Changed(RunId run) => (changed ??= []).Add(run);

    public void Parked(DateTimeOffset wakeAt) => parked = wakeAt;

    public void Ended(TenantId tenant, RunId run, string space, string workflow) => (ended ??= []).Add((tenant, run, space, workflow));

    public void Send()
    {
        foreach (var run in changed ?? []) wakeups.Changed(run);
        foreach (var (run, request, reason) in called ?? []) wakeups.Called(run, request, reason);
        foreach (var (tenant, run, space, workflow) in ended ?? []) wakeups.Ended(tenant, run, space, workflow);
        if (parked is { } at) wakeups.Parked(at);
        if (queued) wakeups.Queued();
    }
}
