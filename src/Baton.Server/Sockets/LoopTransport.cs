using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Baton.Server.Sockets;

/// <summary>Takes clients' connections for the server, onto the loops of this process in turns.</summary>
internal sealed class LoopTransport(EventLoops loops, TimeProvider time, ILogger<LoopTransport> log) : IConnectionListenerFactory
{
    private const int Backlog = 512;

    /// <summary>How long a process out of files or memory waits before it tries to take the next connection.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>It is said so often at most.</summary>
    private static readonly TimeSpan BetweenWords = TimeSpan.FromMinutes(1);

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? socket = null;
        try
        {
            socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            socket.Listen(Backlog);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket?.Dispose();
            throw new AddressInUseException(e.Message, e);
        }
        return ValueTask.FromResult<IConnectionListener>(new Listener(socket, loops, time, log));
    }

    private sealed class Listener(Socket socket, EventLoops loops, TimeProvider time, ILogger log) : IConnectionListener
    {
        private long? toldAt;

        public EndPoint EndPoint { get; } = socket.LocalEndPoint!;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (true)
            {
                try
                {
                    return Take(await socket.AcceptAsync(cancellationToken));
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
                {
                    if (toldAt is not { } told || time.GetElapsedTime(told) > BetweenWords)
                    {
                        toldAt = time.GetTimestamp();
                        log.NotTaken(e.Message);
                    }
                    await Task.Delay(Pause, time, cancellationToken);   // the one that waits stays there: asking for it at once would ask without end
                }
                catch (SocketException e) when (e.SocketErrorCode != SocketError.OperationAborted)
                {
                    // One that was given up before it was taken.
                }
                catch (Exception e) when (e is ObjectDisposedException or SocketException)
                {
                    return null;
                }
            }
        }

        private LoopConnection Take(Socket accepted)
        {
            try
            {
                accepted.NoDelay = true;
                var connection = new LoopConnection(accepted, loops.Next());
                connection.Watch();
                return connection;
            }
            catch
            {
                accepted.Dispose();
                throw;
            }
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            socket.Dispose();
            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}
