using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace Baton.Server.Sockets;

internal static class SocketsModule
{
    extension(WebApplicationBuilder builder)
    {
        /// <summary>
        /// Lets what waits for a socket go on at once, on the thread that sees its event, in a process that does nothing but forward: there no thread is ever blocked, while one that waits for a database or
        /// computes for long would hold up every socket beside it.
        /// </summary>
        /// <param name="onlyForwards">Whether it does nothing else.</param>
        public void AddSockets(bool onlyForwards)
        {
            builder.Services.AddSettings<SocketOptions>(SocketOptions.Section).AddSingleton<IValidateOptions<SocketOptions>, SocketOptionsValidator>();
            var settings = builder.Configuration.GetSection(SocketOptions.Section).Get<SocketOptions>() ?? new SocketOptions();
            if (onlyForwards) InlineSockets.Use(builder.WebHost);
            if (OperatingSystem.IsLinux() && (settings.OwnLoops ?? onlyForwards)) builder.Services.AddSingleton(_ => new EventLoops(settings.BusyPoll)).AddSingleton<IConnectionListenerFactory, LoopTransport>();
        }
    }
}
