using System.Net;
using System.Net.Sockets;
using Baton.Server.Sockets;

namespace Baton.Server.Tests.Sockets;

/// <summary>Two sockets that are connected with each other, each on a loop.</summary>
internal sealed class LoopPair : IDisposable
{
    private const int Small = 64 << 10;

    private LoopPair(LoopSocket near, LoopSocket far, Socket nearSocket) => (Near, Far, NearSocket) = (near, far, nearSocket);

    public LoopSocket Near { get; }

    public LoopSocket Far { get; }

    /// <summary>What <see cref="Near"/> is over.</summary>
    public Socket NearSocket { get; }

    /// <param name="ended">Told when the far side knows that the near one has stopped sending.</param>
    /// <param name="smallBuffers">Whether the system takes little of what is sent at once. (Smaller ones still make TCP wait for its own timers.)</param>
    public static async Task<LoopPair> ConnectAsync(EventLoops loops, Action? ended = null, bool smallBuffers = false)
    {
        using var listener = Listen();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (smallBuffers) (near.ReceiveBufferSize, near.SendBufferSize) = (Small, Small);
        var connecting = new LoopSocket(near, loops.Next());
        await connecting.ConnectAsync(listener.LocalEndPoint!, TestContext.Current.CancellationToken);
        var accepted = await listener.AcceptAsync(TestContext.Current.CancellationToken);
        if (smallBuffers) accepted.SendBufferSize = Small;
        var far = new LoopSocket(accepted, loops.Next());
        far.Watch(ended);
        return new LoopPair(connecting, far, near);
    }

    public static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    public void Dispose()
    {
        Near.Dispose();
        Far.Dispose();
    }
}
