using System.Net;
using System.Net.Sockets;

namespace Baton.TestBed;

/// <summary>A port of 127.0.0.1 that nobody listens on.</summary>
public static class FreePort
{
    /// <summary>Below the ports that connections take for themselves, so that it is still free when a server that used it comes back.</summary>
    public static int Find()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: another.
            }
        }
    }
}
