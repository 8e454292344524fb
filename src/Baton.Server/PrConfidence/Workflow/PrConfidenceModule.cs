using Baton.Server.Workflows;
using Microsoft.Extensions.Options;

namespace Baton.Server.PrConfidence;

/// <summary>How well a Git range does what its ticket asks.</summary>
internal static class PrConfidenceModule
{
    extension(IServiceCollection services)
    {
        /// <param name="isLoopbackOnly">Whether this server listens on loopback alone: decides <see cref="PrConfidenceOptions.Roots"/> where it is not set.</param>
        public IServiceCollection AddPrConfidence(bool isLoopbackOnly) =>
            services.AddSettings<PrConfidenceOptions>(PrConfidenceOptions.Section).AddSingleton<IValidateOptions<PrConfidenceOptions>, PrConfidenceOptionsRules>()
                .AddSingleton(provider => new LocalPaths(provider.GetRequiredService<IOptions<PrConfidenceOptions>>(), isLoopbackOnly))
                .AddSingleton<ReportSteps>().AddSingleton<PrConfidenceFunctions>()
                .AddSingleton(provider => new HostedFunctions(provider.GetRequiredService<PrConfidenceFunctions>().All));
    }
}
