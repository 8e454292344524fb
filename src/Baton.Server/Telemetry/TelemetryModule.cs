using Baton.Client;
using Baton.Server.Identity;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Baton.Server.Telemetry;

/// <summary>How the server is: each feature adds its checks, these addresses show them.</summary>
internal static class TelemetryModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddTelemetry()
        {
            services.AddHealthChecks();
            services.AddMetrics().AddSingleton<MetricsPage>().AddHostedService(provider => provider.GetRequiredService<MetricsPage>());
            return services.AddHostedService<IdleMemory>();
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        public void MapTelemetry()
        {
            app.MapGet("/metrics", (HttpContext http, MetricsPage page) => TypedResults.Text(page.Write(http.Tenant), MetricsPage.ContentType)).ExcludeFromDescription();
            var health = app.MapGroup("/health").WithTags("Health");
            health.MapGet("/liveness", () => TypedResults.Json(new HealthView("healthy", BatonHost.Version), WireJson.Web.HealthView)).Produces<HealthView>().WithSummary("The process answers.").NeedsNoCredential();
            health.MapGet("/", Summary).Produces<HealthView>().Produces<HealthView>(503).WithSummary("The worst of all checks.").NeedsNoCredential();
            health.MapGet("/readiness", Summary).Produces<HealthView>().Produces<HealthView>(503).WithSummary("Work can be taken.").NeedsNoCredential();
            health.MapGet("/detailed", Detailed).Produces<HealthView>().Produces<HealthView>(503).WithSummary("Every check with what it found.");
        }
    }

    private static async Task<IResult> Summary(HealthCheckService checks, CancellationToken cancel) => Answer(await checks.CheckHealthAsync(cancel), withChecks: false);

    private static async Task<IResult> Detailed(HealthCheckService checks, CancellationToken cancel) => Answer(await checks.CheckHealthAsync(cancel), withChecks: true);

    private static IResult Answer(HealthReport report, bool withChecks)
    {
        var found = withChecks ? report.Entries.Select(entry => new HealthCheckView(entry.Key, NameOf(entry.Value.Status), entry.Value.Description)).ToList() : null;
        return TypedResults.Json(new HealthView(NameOf(report.Status), BatonHost.Version, found), WireJson.Web.HealthView, statusCode: report.Status == HealthStatus.Unhealthy ? 503 : 200);
    }

    private static string NameOf(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };
}
