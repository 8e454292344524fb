using Baton.Server.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// The short way of calls to models: connections on which nothing but plain requests to the gateway come are served below ASP.NET Core, from bytes to bytes. The first request of another kind goes to the
/// server, and the connection with it, for good.
/// </summary>
internal static class GatewayLane
{
    extension(ListenOptions listen)
    {
        public void UseGatewayLane() => listen.Use(next =>
        {
            var services = listen.ApplicationServices;
            var (forwarder, callers, time) = (services.GetRequiredService<Forwarder>(), services.GetRequiredService<Callers>(), services.GetRequiredService<TimeProvider>());
            var clock = new LaneClock(time, services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits);
            var mostOfBody = services.GetRequiredService<IOptions<GatewayOptions>>().Value.MaxRequestBytes;
            var stopping = services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
            return async connection =>
            {
                try
                {
                    if (await new LaneConnection(connection, forwarder, callers, mostOfBody, clock, time, stopping).ServeAsync()) await next(connection);
                }
                catch (Exception e) when (e is ConnectionResetException or ConnectionAbortedException)
                {
                    // The client is gone, and there is nobody to tell.
                }
            };
        });
    }
}
