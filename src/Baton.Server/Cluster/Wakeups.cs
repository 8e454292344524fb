using Baton.Engine;

namespace Baton.Server.Cluster;

/// <summary>
/// Tells this process, right after a commit, that something may be done now. A hint and no more: whoever is told looks at the database.
/// Raised on the writer's thread: a receiver hands over and returns.
/// </summary>
internal sealed class Wakeups
{
    private readonly Watchers<RunId, bool> runs = new();

    /// <summary>A run can be claimed.</summary>
    public event Action? RunQueued;

    /// <summary>A run that is in memory has mail, or is asked to pause or cancel.</summary>
    /// <remarks>With the run: "pause" or "cancel" and the reason, or null for mail.</remarks>
    public event Action<RunId, string?, string?>? RunCalled;

    /// <summary>The same, told by another node: what is asked of the run stands in the database.</summary>
    public event Action<RunId>? RunCalledElsewhere;

    /// <summary>A run waits until this time.</summary>
    public event Action<DateTimeOffset>? RunParked;

    /// <summary>A run ended; with the namespace and name of its workflow.</summary>
    public event Action<TenantId, RunId, string, string>? RunEnded;

    /// <summary>Another node registered a newest version of a workflow.</summary>
    public event Action? RegisteredElsewhere;

    /// <summary>Another node put or removed a tenant's route.</summary>
    public event Action? ReroutedElsewhere;

    /// <summary>Another node made, changed or removed a key.</summary>
    public event Action? KeysChangedElsewhere;

    /// <summary>Another node made, changed or removed a budget.</summary>
    public event Action? BudgetsChangedElsewhere;

    /// <summary>Calls at another node wait for money that this one may have at hand.</summary>
    public event Action? BudgetsWantedElsewhere;

    /// <summary>News may have been missed: whoever waits for any looks at the database.</summary>
    public event Action? NewsMissed;

    public void Registered() => RegisteredElsewhere?.Invoke();

    public void Rerouted() => ReroutedElsewhere?.Invoke();

    public void KeysChanged() => KeysChangedElsewhere?.Invoke();

    public void BudgetsChanged() => BudgetsChangedElsewhere?.Invoke();

    public void BudgetsWanted() => BudgetsWantedElsewhere?.Invoke();

    public void Anything() => NewsMissed?.Invoke();

    public void Queued() => RunQueued?.Invoke();

    public void Called(RunId run, string? request = null, string? reason = null) => RunCalled?.Invoke(run, request, reason);

    public void CalledElsewhere(RunId run) => RunCalledElsewhere?.Invoke(run);

    public void Parked(DateTimeOffset wakeAt) => RunParked?.Invoke(wakeAt);

    public void Ended(TenantId tenant, RunId run, string space, string workflow) => RunEnded?.Invoke(tenant, run, space, workflow);

    /// <summary>The run's journal grew, or its state changed.</summary>
    public void Changed(RunId run) => runs.Tell(run, true);

    /// <summary>Calls <paramref name="onChange"/> whenever <see cref="Changed"/> is told of the run, until disposed.</summary>
    public IDisposable Watch(RunId run, Action onChange) => runs.Watch(run, _ => onChange());
}
