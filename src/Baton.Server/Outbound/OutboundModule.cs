using Baton.Server.Sockets;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

internal static class OutboundModule
{
    extension(IServiceCollection services)
    {
        /// <summary>Adds the calls that workflows make to the world.</summary>
        /// <param name="isLoopbackOnly">Whether this server listens on loopback alone: decides <see cref="OutboundOptions.AllowPrivate"/> where it is not set.</param>
        public IServiceCollection AddOutbound(bool isLoopbackOnly)
        {
            services.AddSettings<OutboundOptions>(OutboundOptions.Section)
                .AddSingleton<IValidateOptions<OutboundOptions>, OutboundOptionsValidator>().AddSingleton<IValidateOptions<OutboundOptions>, OutboundOptionsRules>();
            return services
                .AddSingleton(provider => new AddressPolicy(provider.GetRequiredService<IOptions<OutboundOptions>>().Value.AllowPrivate ?? isLoopbackOnly))
                .AddSingleton(provider => new OutboundClient(provider.GetRequiredService<IOptions<OutboundOptions>>(), provider.GetRequiredService<AddressPolicy>(), provider.GetRequiredService<TimeProvider>(), loops: provider.GetService<EventLoops>()))
                .AddSingleton<DigestSessions>().AddSingleton<OidcDiscovery>().AddSingleton<TokenSource>().AddSingleton<Authenticator>()
                .AddSingleton<OutboundHttp>().AddSingleton<HttpCalls>().AddSingleton<ResourceReader>().AddSingleton<OpenApiCalls>();
        }
    }
}
