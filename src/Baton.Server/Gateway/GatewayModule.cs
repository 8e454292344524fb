using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Language models for the features of this server.</summary>
internal static class GatewayModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddGateway()
        {
            services.AddSettings<GatewayOptions>(GatewayOptions.Section)
                .AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>().AddSingleton<IValidateOptions<GatewayOptions>, GatewayRules>();
            return services.AddSingleton<ExtractModel>().AddSingleton<EchoModel>().AddSingleton<ModelCaller>();
        }
    }
}
