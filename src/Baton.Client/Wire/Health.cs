namespace Baton.Client;

/// <summary>How the server is.</summary>
/// <param name="Status">healthy, degraded or unhealthy.</param>
public sealed record HealthView(string Status, string Version, IReadOnlyList<HealthCheckView>? Checks = null);

/// <param name="Detail">What is wrong and what to do, or a figure.</param>
public sealed record HealthCheckView(string Name, string Status, string? Detail);
