using Baton.Engine;
using Baton.Server.Cluster;

namespace Baton.Server.Workflows;

/// <summary>Attempts that begin, for whoever watches a run live. Not stored, not counted, lost when nobody watches.</summary>
internal sealed class StepFeed
{
    private readonly Watchers<RunId, StepStarted> watchers = new();

    public void Publish(RunLease lease, StepStarted step) => watchers.Tell(lease.Run, step);

    public IDisposable Watch(RunId run, Action<StepStarted> watcher) => watchers.Watch(run, watcher);
}
