using Microsoft.Extensions.Options;

namespace Baton.Server.Http;

/// <summary>
/// A server that is told to stop says so at once (readiness answers 503, each answer closes its connection) and still takes requests for a while:
/// whoever spreads them over several servers needs a moment to hear of it.
/// </summary>
internal sealed class ShutdownDelay(IOptions<HttpOptions> options, IHostApplicationLifetime lifetime, TimeProvider time) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        lifetime.StopApplication();
        return Task.Delay(options.Value.ShutdownDelay, time, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
