using System.Net.Sockets;

namespace Baton.Server.Sockets;

/// <summary>What Linux's error numbers are to .NET, as far as sockets that are connected, or are being, have them (<c>errno(3)</c>).</summary>
internal static class Errors
{
    public const int Interrupted = 4, Closed = 9, WouldBlock = 11;

    public static int Of(int error) => (int)(error switch
    {
        Closed => SocketError.OperationAborted,   // EBADF: it was closed here
        13 => SocketError.AccessDenied,
        24 => SocketError.TooManyOpenSockets,
        32 => SocketError.Shutdown,             // EPIPE
        100 => SocketError.NetworkDown,
        101 => SocketError.NetworkUnreachable,
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        105 => SocketError.NoBufferSpaceAvailable,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        _ => SocketError.SocketError,
    });
}
