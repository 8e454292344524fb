using System.Net;
using Baton.Engine;
using Baton.Server.Sockets;

namespace Baton.Server.Outbound;

/// <summary>Opens a connection to a host, where that may be reached.</summary>
/// <param name="isConfigured">True when an operator, not a tenant, has named the host.</param>
internal delegate ValueTask<Wire> WireOpener(DnsEndPoint host, bool isConfigured, CancellationToken cancel);

/// <summary>Whose connections are whose: one that was opened for an operator's host must not be there for a tenant to find.</summary>
internal sealed record PlainHost(string Name, int Port, bool IsConfigured);

/// <summary>
/// Connections in HTTP/1.1 to model hosts that speak without TLS, kept while they are used. <see cref="SocketsHttpHandler"/> does the same for all of HTTP; this does what forwarding needs of it
/// (decision 41). Thread-safe.
/// </summary>
internal sealed class PlainPool : IDisposable
{
    private static readonly TimeSpan LongestSweep = TimeSpan.FromSeconds(15);

    private readonly OutboundOptions options;
    private readonly WireOpener open;
    private readonly TimeProvider time;
    private readonly ITimer sweep;
    private readonly Lock gate = new();
    private readonly Dictionary<PlainHost, Stack<PlainConnection>> free = [];
    private readonly Dictionary<PlainHost, SemaphoreSlim>? places;
    private bool isDisposed;

    public PlainPool(OutboundOptions options, WireOpener open, TimeProvider time)
    {
        (this.options, this.open, this.time) = (options, open, time);
        if (options.MaxConnectionsPerHost < int.MaxValue) places = [];
        var period = options.ConnectionIdleTimeout < LongestSweep ? options.ConnectionIdleTimeout : LongestSweep;
        sweep = time.CreateTimer(static pool => ((PlainPool)pool!).Sweep(), this, period, period);
    }

    /// <summary>Sends a request and returns when the head of its answer is there. Where a kept connection breaks before that, once more over a new one: hosts close them at any time.</summary>
    /// <param name="uri">Where the message goes: its scheme may be another than the message's own.</param>
    /// <param name="label">How errors name the call.</param>
    /// <exception cref="WorkflowException">No connection in time, or it broke off, or what came back is not HTTP.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async Task<ForwardedAnswer> SendAsync(ForwardMessage message, Uri uri, string label, bool isConfigured, CancellationToken cancel)
    {
        var host = new PlainHost(uri.IdnHost, uri.Port, isConfigured);
        if (places is not null) await PlaceAt(host).WaitAsync(cancel);
        PlainConnection? connection = null;
        try
        {
            for (var isKept = (connection = Take(host)) is not null; ; (connection, isKept) = (null, false))
            {
                connection ??= await OpenAsync(host, cancel);
                try
                {
                    var sending = connection.SendAsync(message, uri, cancel);
                    if (!sending.IsCompletedSuccessfully) return new PlainAnswer(this, connection, await connection.ReadHeadWhileAsync(sending.AsTask(), cancel));
                    while (true)   // here and not behind a call: a method more that waits is dear
                    {
                        if (connection.TryReadHead() is { } head) return new PlainAnswer(this, connection, head);
                        connection.Received(await connection.ReceiveHeadAsync(cancel));
                    }
                }
                catch (Exception e) when (isKept && CallErrors.IsCut(e) && !cancel.IsCancellationRequested)
                {
                    connection.Dispose();
                }
            }
        }
        catch (Exception e)
        {
            connection?.Dispose();
            Leave(host);
            if (CallErrors.NoAnswer(e, label, cancel) is { } explained) throw explained;
            throw;
        }
    }

    /// <summary>The answer on it was read to its end.</summary>
    public void Return(PlainConnection connection)
    {
        connection.Reset();
        connection.Freed = time.GetTimestamp();
        var isOld = time.GetElapsedTime(connection.Opened, connection.Freed) >= options.ConnectionLifetime;
        lock (gate)
        {
            if (isDisposed || isOld) connection.Dispose();
            else
            {
                if (!free.TryGetValue(connection.Host, out var stack)) free.Add(connection.Host, stack = []);
                stack.Push(connection);
            }
        }
        Leave(connection.Host);
    }

    /// <summary>The answer on it was not read to its end, or was its last.</summary>
    public void Close(PlainConnection connection)
    {
        connection.Dispose();
        Leave(connection.Host);
    }

    public CancellationTokenSource Patience(TimeSpan wait) => new(wait, time);

    public void Dispose()
    {
        sweep.Dispose();
        lock (gate)
        {
            isDisposed = true;
            foreach (var connection in free.Values.SelectMany(static stack => stack)) connection.Dispose();
            free.Clear();
        }
    }

    private PlainConnection? Take(PlainHost host)
    {
        while (true)
        {
            PlainConnection? connection;
            lock (gate)
            {
                if (!free.TryGetValue(host, out var stack) || !stack.TryPop(out connection)) return null;
            }
            if (!IsTired(connection)) return connection;   // looked at each time: what a host says too much must not become somebody's answer
            connection.Dispose();
        }
    }

    private async Task<PlainConnection> OpenAsync(PlainHost host, CancellationToken cancel)
    {
        using var patience = new CancellationTokenSource(options.ConnectTimeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel, patience.Token);
        return new PlainConnection(await open(new DnsEndPoint(host.Name, host.Port), host.IsConfigured, any.Token), host, time.GetTimestamp());
    }

    /// <summary>Closes what nobody has used for a while, and what the other side has closed.</summary>
    private void Sweep()
    {
        lock (gate)
        {
            foreach (var (host, stack) in free.ToArray())
            {
                PlainConnection[] all = [.. stack];
                stack.Clear();
                for (var i = all.Length - 1; i >= 0; i--)   // those that were used last stay on top
                {
                    if (time.GetElapsedTime(all[i].Freed) >= options.ConnectionIdleTimeout || IsTired(all[i])) all[i].Dispose();
                    else stack.Push(all[i]);
                }
                if (stack.Count == 0) free.Remove(host);
            }
        }
    }

    private bool IsTired(PlainConnection connection) => time.GetElapsedTime(connection.Opened) >= options.ConnectionLifetime || connection.IsSpent();

    private SemaphoreSlim PlaceAt(PlainHost host)
    {
        lock (gate)
        {
            if (!places!.TryGetValue(host, out var place)) places.Add(host, place = new SemaphoreSlim(options.MaxConnectionsPerHost));
            return place;
        }
    }

    private void Leave(PlainHost host)
    {
        if (places is not null) PlaceAt(host).Release();
    }
}
