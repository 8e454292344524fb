namespace Baton.Server.Http;

/// <summary>
/// Lets what waits for a socket go on at once, on the thread that sees its event, in place of handing it to the pool: nearly half of what forwarding a call costs on one processor. Only for
/// a process that does nothing but forward: there no thread is ever blocked, while one that waits for a database or computes for long would hold up every socket of its engine.
/// </summary>
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
