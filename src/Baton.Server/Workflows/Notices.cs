using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Notifications;

namespace Baton.Server.Workflows;

/// <summary>What a transaction gives reason to tell: told here once it is durable, and to other nodes with the commit.</summary>
internal sealed class Notices(Wakeups wakeups, Node node, Outbox? outbox)
{
    private HashSet<string>? broadcast;
    private List<RunId>? changed;
    private List<(RunId Run, string? Request, string? Reason)>? called;
    private List<(TenantId Tenant, RunId Run, string Namespace, string Workflow)>? ended;
    private DateTimeOffset? parked;
    private bool queued, notified;

    /// <summary>Lines for other nodes; null for none.</summary>
    public IEnumerable<string>? Broadcast => broadcast;

    public void Queued()
    {
        queued = true;
        Tell(NodeNews.Queued);
    }

    /// <param name="owner">The node that has the run in memory.</param>
    public void Called(RunId run, string? owner, string? request = null, string? reason = null)
    {
        (called ??= []).Add((run, request, reason));
        if (owner != node.Id) Tell(NodeNews.Called(run));
    }

    public void Changed(RunId run) => (changed ??= []).Add(run);

    public void Parked(DateTimeOffset wakeAt)
    {
        parked = wakeAt;
        Tell(NodeNews.Parked(wakeAt));
    }

    /// <param name="isFollowed">True when a schedule waits for the ends of such runs.</param>
    public void Ended(TenantId tenant, RunId run, string space, string workflow, bool isFollowed)
    {
        (ended ??= []).Add((tenant, run, space, workflow));
        if (isFollowed) Tell(NodeNews.Ended(tenant, run, space, workflow));
    }

    /// <summary>Something was written into the outbox.</summary>
    public void Notified() => notified = true;

    public void Send()
    {
        if (notified) outbox?.Tell();
        foreach (var run in changed ?? []) wakeups.Changed(run);
        foreach (var (run, request, reason) in called ?? []) wakeups.Called(run, request, reason);
        foreach (var (tenant, run, space, workflow) in ended ?? []) wakeups.Ended(tenant, run, space, workflow);
        if (parked is { } at) wakeups.Parked(at);
        if (queued) wakeups.Queued();
    }

    private void Tell(string news) => (broadcast ??= new HashSet<string>(StringComparer.Ordinal)).Add(news);
}
