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
    private readonly LaneAnswer answer = new(connection, clock);
    private readonly PipeReader input = connection.Transport.Input;
    private volatile Waiting waiting;
    private long since;
    private volatile bool isClosing;

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
        Wait(Waiting.Request);
        try
        {
            while (true)
            {
                var read = await input.ReadAsync();
                if (read.IsCanceled || (read.IsCompleted && read.Buffer.IsEmpty))
                {
                    input.AdvanceTo(read.Buffer.Start);
                    return read.IsCanceled && !isClosing;
                }
                if (!read.IsCompleted && waiting == Waiting.Body && read.Buffer.Length < request.Length)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
                var reading = waiting == Waiting.Body && read.Buffer.Length >= request.Length ? LaneReading.Whole : request.Read(read.Buffer);
                if (reading == LaneReading.Incomplete && !read.IsCompleted)
                {
                    Wait(Waiting.Body);
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }
                if (reading != LaneReading.Whole || callers.Identify(request.Headers) is not { Caller: { } caller })
                {
                    input.AdvanceTo(read.Buffer.Start);
                    return true;
                }
                waiting = Waiting.Nothing;
                var body = new byte[request.BodyLength];
                read.Buffer.Slice(request.Length - body.Length, body.Length).CopyTo(body);
                input.AdvanceTo(read.Buffer.GetPosition(request.Length));
                await AnswerAsync(caller, body);
                if (!answer.IsWhole) return false;
                Wait(Waiting.Request);
            }
        }
        finally
        {
            waiting = Waiting.Nothing;
        }
    }

    private async Task AnswerAsync(Caller caller, byte[] body)
    {
        answer.Reset(isLast: isClosing || stopping.IsCancellationRequested);
        var origin = new CallOrigin(caller.Tenant, caller.Name) { Key = caller.Key };
        await forwarder.HandleAsync(new GatewayCall(request.Surface, origin, request.Headers, time, connection.ConnectionClosed) { Answer = answer }, ValueTask.FromResult<(ReadOnlyMemory<byte>, GatewayError?)>((body, null)));
        await answer.EndAsync();
    }

    private void Wait(Waiting what)
    {
        Volatile.Write(ref since, clock.Now);
        waiting = what;
    }

    /// <summary>Once a second.</summary>
    private void Beat()
    {
        var (what, began) = (waiting, Volatile.Read(ref since));
        if (what == Waiting.Request && clock.IsIdleTooLong(began)) SayGoodbye();
        else if (what == Waiting.Body && clock.IsBodyTooSlow(began)) input.CancelPendingRead();
        else if (what == Waiting.Nothing && answer.WrittenUntil is > 0 and var until && clock.IsOver(until)) connection.Abort(new ConnectionAbortedException("The client is too slow to take its answer."));
    }

    private void SayGoodbye()
    {
        isClosing = true;
        if (waiting != Waiting.Nothing) input.CancelPendingRead();
    }
}
