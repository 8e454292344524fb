using System.Buffers;
using System.IO.Pipelines;
using Baton.Server.Identity;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Baton.Server.Gateway;

/// <summary>A connection while the lane serves it: request by request, until one comes that is the server's. Nothing of a request is consumed before it is taken whole, so that the server finds all of it.</summary>
internal sealed class LaneConnection(ConnectionContext connection, Forwarder forwarder, Callers callers, int mostOfBody, LaneClock clock, TimeProvider time, CancellationToken stopping)
{
    private readonly LaneRequest request = new(mostOfBody);
    private readonly LastPresented presented = new();
    private readonly LaneAnswer answer = new(connection, clock);
    private readonly PipeReader input = connection.Transport.Input;
    private volatile Waiting waiting = Waiting.Nothing;
    private long since;
    private volatile bool isClosing, isSlow;
    private long received;

    /// <summary>What a connection waits for.</summary>
    private enum Waiting
    {
        Request,
        Body,
        Nothing,
    }

    /// <returns>Whether the server is to go on with it.</returns>
    public async Task<bool> ServeAsync()
    {
        connection.Features.Get<IConnectionHeartbeatFeature>()?.OnHeartbeat(static lane => ((LaneConnection)lane).Beat(), this);
        using var goodbye = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested.UnsafeRegister(static lane => ((LaneConnection)lane!).SayGoodbye(), this);
        try
        {
            while (true)
            {
                if (waiting == Waiting.Nothing) Wait(Waiting.Request);
                var read = await input.ReadAsync();
                var bytes = read.Buffer;
                if ((read.IsCompleted || isClosing) && bytes.IsEmpty) return false;
                var reading = request.Read(bytes);
                if (reading == LaneReading.Incomplete && !read.IsCompleted && !isSlow)
                {
                    Volatile.Write(ref received, bytes.Length);
                    if (waiting == Waiting.Request) Wait(Waiting.Body);
                    input.AdvanceTo(bytes.Start, bytes.End);
                    continue;
                }
                if (reading != LaneReading.Whole || callers.Identify(request.Headers, presented) is not { Caller: { } caller })
                {
                    input.AdvanceTo(bytes.Start);
                    return true;
                }
                waiting = Waiting.Nothing;
                var body = GC.AllocateUninitializedArray<byte>(request.BodyLength);
                bytes.Slice(request.Length - body.Length, body.Length).CopyTo(body);
                input.AdvanceTo(bytes.GetPosition(request.Length));
                answer.Reset(isLast: isClosing || stopping.IsCancellationRequested);
                var call = Call(caller);
                try
                {
                    await forwarder.AnswerAsync(call, body);
                }
                catch (Exception e) when (Forwarder.IsExpected(call, e))
                {
                    await forwarder.FailAsync(call, e);
                }
                finally
                {
                    forwarder.End(call);
                }
                if (connection.ConnectionClosed.IsCancellationRequested) answer.Abort();   // who stopped sending may listen still: what was broken off for that must not end well
                else await answer.EndAsync();
                if (!answer.IsWhole) return false;
            }
        }
        finally
        {
            waiting = Waiting.Nothing;
        }
    }

    private GatewayCall Call(Caller caller) =>
        new(request.Surface, new CallOrigin(caller.Tenant, caller.Name) { Key = caller.Key }, request.Headers, time, connection.ConnectionClosed) { Answer = answer };

    private void Wait(Waiting what)
    {
        Volatile.Write(ref since, clock.Now);
        isSlow = false;
        waiting = what;
    }

    /// <summary>Once a second.</summary>
    private void Beat()
    {
        var (what, began) = (waiting, Volatile.Read(ref since));
        if (what == Waiting.Request && clock.IsIdleTooLong(began)) SayGoodbye();
        else if (what == Waiting.Body && clock.IsTooSlow(began, Volatile.Read(ref received))) LeaveToServer();
        else if (what == Waiting.Nothing && answer.WrittenUntil is > 0 and var until && clock.IsOver(until)) connection.Abort(new ConnectionAbortedException("The client is too slow to take its answer."));
    }

    /// <summary>The request comes too slowly: the server waits as long again, and then tells its client so.</summary>
    private void LeaveToServer()
    {
        isSlow = true;
        input.CancelPendingRead();
    }

    /// <summary>The answer that is under way is the last; where there is none, it is over.</summary>
    private void SayGoodbye()
    {
        isClosing = true;
        input.CancelPendingRead();
    }
}
