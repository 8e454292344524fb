using Baton.Server.Workflows;

namespace Baton.Server.PrConfidence;

/// <summary>How well a Git range does what its ticket asks.</summary>
internal static class PrConfidenceModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddPrConfidence() =>
            services.AddSingleton<ReportSteps>().AddSingleton<PrConfidenceFunctions>()
                .AddSingleton(provider => new HostedFunctions(provider.GetRequiredService<PrConfidenceFunctions>().All));
    }
}
