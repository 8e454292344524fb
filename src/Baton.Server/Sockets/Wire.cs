using System.Net.Sockets;

namespace Baton.Server.Sockets;

/// <summary>A connected socket as somebody uses it who speaks a protocol over it. One reader and one writer at a time.</summary>
internal abstract class Wire : IDisposable
{
    /// <summary>What has come.</summary>
    /// <returns>The number of bytes; 0 when the other side has stopped sending.</returns>
    /// <exception cref="SocketException">The connection broke, or was closed here.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> to, CancellationToken cancel);

    /// <summary>Sends all of it.</summary>
    /// <exception cref="SocketException">The connection broke, or was closed here.</exception>
    public abstract ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel);

    /// <summary>Whether anything can be read, or the other side has closed.</summary>
    public abstract bool IsReadable();

    public abstract void Dispose();
}

/// <summary>As the framework has it: its events are seen by one thread and carried out by the pool's.</summary>
internal sealed class FrameworkSocket(Socket socket) : Wire
{
    public override ValueTask<int> ReceiveAsync(Memory<byte> to, CancellationToken cancel) => socket.ReceiveAsync(to, SocketFlags.None, cancel);

    public override async ValueTask<int> SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        for (var sent = 0; sent < bytes.Length;) sent += await socket.SendAsync(bytes[sent..], SocketFlags.None, cancel);
        return bytes.Length;
    }

    public override bool IsReadable() => socket.Poll(0, SelectMode.SelectRead);

    public override void Dispose() => socket.Dispose();
}
