namespace Baton.Server;

/// <summary>Leaves the signals to the command line. The host's usual lifetime would take every Ctrl-C for itself, the second one too.</summary>
internal sealed class OwnLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
