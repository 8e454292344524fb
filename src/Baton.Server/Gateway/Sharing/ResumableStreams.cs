using Baton.Engine;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Streams whose clients asked to be able to take them up again: their events have ids, and the call goes on for a while when its client has left. In memory, of this node; bounded in number,
/// bytes and time. Thread-safe.
/// </summary>
internal sealed class ResumableStreams(IOptions<GatewayOptions> options, UsageLedger ledger, TimeProvider time, ILogger<ResumableStreams> log) : IAsyncDisposable
{
    private readonly ResumeOptions limits = options.Value.Resume;
    private readonly Lock gate = new();
    private readonly Dictionary<string, Stream> streams = new(StringComparer.Ordinal);
    private readonly Dictionary<StreamOwner, int> counts = [];

    /// <summary>How many are kept.</summary>
    public int Count
    {
        get
        {
            lock (gate) return streams.Count;
        }
    }

    public static bool IsAskedFor(GatewayCall call) => call.RequestHeaders.TryGetValue(CacheHeaders.Resumable, out var asked) && asked.ToString().Equals("true", StringComparison.OrdinalIgnoreCase);

    /// <summary>Answers with a stream that can be taken up; or, when no more can be kept, with one that cannot, and says so.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task AnswerAsync(GatewayCall call, Func<GatewayCall, Task> ask)
    {
        if (TryKeep(call) is not { } stream)
        {
            call.Answer.Headers[CacheHeaders.Resumable] = "false";
            await ask(call);
            return;
        }
        stream.Shared.Start(call, ask);
        await ListenAsync(call, stream, stream.Shared.Recording.Listen()!, isFirst: true, position: 0);
    }

    /// <summary>Goes on with a stream behind the last event that the client has seen.</summary>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task ResumeAsync(GatewayCall call, string lastEventId)
    {
        if (!EventIds.TryRead(lastEventId, out var id, out var position))
        {
            await call.RefuseAsync(GatewayError.Invalid($"{CacheHeaders.LastEventId} is no id of an event of this gateway's. Only streams that were asked for with {CacheHeaders.Resumable}: true have them.", CacheHeaders.LastEventId));
        }
        else if (Find(call, id) is not { } stream)
        {
            await call.RefuseAsync(new GatewayError(404, "not_found_error", "stream_not_found", $"There is no stream of request '{(id.Length <= 40 ? id : id[..40])}' to be taken up here: it is over for longer than Gateway:Resume:Grace, or was asked for with another key, at another address or from another node."));
        }
        else if (stream.Shared.Recording.Listen(position) is not { } listener)
        {
            Leave(stream);
            await call.RefuseAsync(new GatewayError(410, "not_found_error", "event_not_kept", "What follows that event is no longer kept (Gateway:Resume:MaxStreamBytes)."));
        }
        else
        {
            await ListenAsync(call, stream, listener, isFirst: false, position);
        }
    }

    /// <summary>Ends the calls that go on without a client.</summary>
    public async ValueTask DisposeAsync()
    {
        Stream[] all;
        lock (gate) all = [.. streams.Values];
        foreach (var stream in all)
        {
            lock (gate) Remove(stream);
            await stream.Shared.DisposeAsync();
        }
    }

    private async Task ListenAsync(GatewayCall call, Stream stream, AnswerListener listener, bool isFirst, long position)
    {
        var recording = stream.Shared.Recording;
        try
        {
            var since = time.GetTimestamp();
            await recording.BegunAsync(call.Cancel);
            if (isFirst) call.TakeOver(stream.Shared.Asked!);
            else call.Waited(since);
            var isStream = recording.Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);   // an error is none
            call.Answer.Headers[CacheHeaders.Resumable] = isStream ? "true" : "false";
            await AnswerDelivery.FollowAsync(call, stream.Shared, listener, isStream ? new EventIds(stream.Id, position) : null);
        }
        finally
        {
            Leave(stream);
            await stream.Shared.LeaveAsync(listener);
        }
    }

    private Stream? TryKeep(GatewayCall call)
    {
        var owner = StreamOwner.Of(call.Origin);
        lock (gate)
        {
            var count = counts.GetValueOrDefault(owner);
            if (streams.Count >= limits.MaxStreams || count >= limits.MaxStreamsPerKey) return null;
            counts[owner] = count + 1;
            var stream = new Stream(call.Id, owner, call.Surface, new SharedAnswer(limits.MaxStreamBytes, ledger, log)) { Clients = 1 };
            stream.Shared.Recording.TryHold();
            streams.Add(stream.Id, stream);
            return stream;
        }
    }

    /// <returns>Null also where it is somebody else's: who asks does not learn that it exists.</returns>
    private Stream? Find(GatewayCall call, string id)
    {
        lock (gate)
        {
            if (!streams.TryGetValue(id, out var stream) || stream.Owner != StreamOwner.Of(call.Origin) || stream.Surface != call.Surface) return null;
            stream.Clients++;
            stream.Expiry?.Dispose();
            stream.Expiry = null;
            return stream;
        }
    }

    /// <summary>A client has left, or has all of it: without any, the stream is kept for the time of grace.</summary>
    private void Leave(Stream stream)
    {
        lock (gate)
        {
            if (--stream.Clients > 0 || !streams.ContainsKey(stream.Id)) return;
            stream.Expiry = time.CreateTimer(_ => Expire(stream), null, limits.Grace, Timeout.InfiniteTimeSpan);
        }
    }

    private void Expire(Stream stream)
    {
        lock (gate)
        {
            if (stream.Clients > 0 || !Remove(stream)) return;   // taken up at the last moment
        }
        _ = stream.Shared.ReleaseAsync();   // the work itself lets nothing escape
    }

    private bool Remove(Stream stream)
    {
        if (!streams.Remove(stream.Id)) return false;
        stream.Expiry?.Dispose();
        if (--counts[stream.Owner] == 0) counts.Remove(stream.Owner);
        return true;
    }

    private sealed record Stream(string Id, StreamOwner Owner, Surface Surface, SharedAnswer Shared)
    {
        public int Clients { get; set; }

        public ITimer? Expiry { get; set; }
    }

    /// <param name="Key">The id of a key that was made here: several may have one name.</param>
    private sealed record StreamOwner(TenantId Tenant, string Caller, string? Key)
    {
        public static StreamOwner Of(CallOrigin origin) => new(origin.Tenant, origin.Caller, origin.Key?.Id);
    }
}
