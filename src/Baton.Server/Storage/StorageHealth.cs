using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Baton.Server.Storage;

/// <summary>Whether writes are accepted, and whether the disk has room for more.</summary>
internal sealed class StorageHealth(Database database) : IHealthCheck
{
    /// <summary>Below this a full disk is near.</summary>
    private const long LowSpace = 256L * 1024 * 1024;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (database.Failure is { } failure) return HealthCheckResult.Unhealthy(failure);
        try
        {
            await database.WriteAsync(_ => true).AsTask().WaitAsync(TimeSpan.FromSeconds(5), cancellationToken);
        }
        catch (Exception e) when (e is Engine.StorageUnavailableException or TimeoutException)
        {
            return HealthCheckResult.Unhealthy(e.Message);
        }
        if (database.FreeBytes is not { } free) return HealthCheckResult.Healthy($"{database.Name} answers");
        return free < LowSpace ? HealthCheckResult.Degraded($"The disk has {free / (1024 * 1024):N0} MB left.") : HealthCheckResult.Healthy($"{free / (1024 * 1024 * 1024.0):N1} GB free");
    }
}
