namespace Baton.Server.Sockets;

/// <summary>Lets what waits for one of the framework's sockets go on at once, too: TLS to models is on them, and everything where there are no <see cref="EventLoops"/>.</summary>
internal static class InlineSockets
{
    /// <summary>Read by the runtime when the first socket is opened. A value that is set already stays.</summary>
    private const string Completions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    public static void Use(IWebHostBuilder web)
    {
        if (Environment.GetEnvironmentVariable(Completions) is null) Environment.SetEnvironmentVariable(Completions, "1");
        web.UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true);
    }
}
