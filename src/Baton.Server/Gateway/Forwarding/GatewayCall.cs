using System.Globalization;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>One request on its way through the gateway, and what its headers will tell of it.</summary>
/// <param name="headers">Of the request.</param>
/// <param name="cancel">Signalled when nobody waits for the answer any more.</param>
internal sealed class GatewayCall(Surface surface, CallOrigin origin, IHeaderDictionary headers, TimeProvider time, CancellationToken cancel)
{
    /// <summary>Less is too little for any target to answer in; and a timer may fire a moment early.</summary>
    private static readonly TimeSpan TooLittle = TimeSpan.FromMilliseconds(10);

    private TimeSpan waited, whole;
    private long since;

    /// <summary>A request of an application.</summary>
    public static GatewayCall Of(HttpContext http, Surface surface, TimeProvider time) =>
        new(surface, new CallOrigin(http.Tenant, http.CallerName) { Key = http.Caller.Key }, http.Request.Headers, time, http.RequestAborted) { Answer = new ClientSink(http) };

    public Surface Surface => surface;

    public CallOrigin Origin => origin;

    public IHeaderDictionary RequestHeaders => headers;

    public CancellationToken Cancel => cancel;

    /// <summary>Where the answer goes.</summary>
    public required IAnswerSink Answer { get; init; }

    /// <summary>Whether who asks can do without an answer: then it is not asked again after a failure that may pass.</summary>
    public bool CanDoWithout { get; init; }

    /// <summary>What is to be accounted for it.</summary>
    public CallAccount Account { get; private init; } = new(origin.Run is null ? surface.Path : CallAccount.Step, origin, time);

    /// <summary>Names the request: <c>req_</c> and a UUIDv7.</summary>
    public string Id => Account.Id;

    /// <summary>The leave to make it.</summary>
    public Admission Admission { get; set; } = Admission.Free;

    /// <summary>How many targets were asked.</summary>
    public int Attempts => Account.Attempts;

    /// <summary>The one that was asked last.</summary>
    public ModelTarget? Target => Account.Target;

    /// <summary>Its name behind that of its model.</summary>
    public string? AskedLast { get; private set; }

    /// <summary>What the gateway itself says went wrong; null while nothing has, or a target has said it.</summary>
    public GatewayError? Error { get; private set; }

    /// <summary>How many events of a stream its caller has been told, where they are numbered and this process writes them; else 0.</summary>
    public long EventsTold { get; set; }

    /// <summary>What it may spend, and has; null where no budget counts it.</summary>
    public CallSpending? Spending { get; set; }

    /// <summary>The budget that did not pay for it, or for the rest of it; null while there is none.</summary>
    public Budget? Lacks { get; private set; }

    /// <summary>Since the request came, also for a call that asks in its place or beside it.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(Began);

    private long Began { get; init; } = time.GetTimestamp();

    /// <summary>What is left of the time that its model gives to all of its targets together.</summary>
    public TimeSpan Left => whole - time.GetElapsedTime(since);

    /// <summary>Whether another target can be asked in that.</summary>
    public bool HasTime => Left > TooLittle;

    /// <summary>That time begins.</summary>
    public void StartClock(TimeSpan whole) => (this.whole, since) = (whole, time.GetTimestamp());

    public void Asks(ModelRoute route, ModelTarget target)
    {
        Account.Asks(route, target);
        AskedLast = target.RouteAndName;
    }

    /// <summary>The same call with an answer that may turn out not to count.</summary>
    /// <param name="stop">Signalled when it does not, too.</param>
    public GatewayCall Beside(IAnswerSink answer, CancellationToken stop) =>
        new(surface, origin, headers, time, stop)
        {
            Answer = answer, Account = Account.Beside(), waited = waited, whole = whole, since = since, AskedLast = AskedLast, Spending = Spending, IsDetached = IsDetached, Began = Began,
        };

    /// <summary>One of those calls beside it is the one that counts, as far as it has come.</summary>
    public void Takes(GatewayCall beside)
    {
        (AskedLast, Error, Lacks, EventsTold, waited) = (beside.AskedLast, beside.Error, beside.Lacks, beside.EventsTold, beside.waited);
        Account.Takes(beside.Account);
    }

    /// <summary>Whether what it uses is accounted for by another call, that asks in its place.</summary>
    public bool IsHandedOver { get; private set; }

    /// <summary>Whether it asks in place of another: those who listen to its answer each have limits and budgets of their own, and are not told of its.</summary>
    private bool IsDetached { get; init; }

    /// <summary>The same call with its answer going elsewhere, and on its own time: it may outlive the request that began it. From here on that one is accounted for, and not this.</summary>
    public GatewayCall Detach(IAnswerSink sink, CancellationToken until)
    {
        var copy = new HeaderDictionary(headers.Count);   // a request's own are cleared when it ends
        foreach (var (name, value) in headers) copy[name] = value;
        IsHandedOver = true;
        return new GatewayCall(surface, origin, copy, time, until) { Answer = sink, Account = Account.Beside(), Admission = Admission, waited = waited, IsDetached = true, Began = Began };
    }

    /// <summary>Tells of itself what there is to tell of the call that asks in its place.</summary>
    public void TakeOver(GatewayCall asked)
    {
        (AskedLast, Error, EventsTold, waited) = (asked.AskedLast, asked.Error, asked.EventsTold, asked.waited);
        Account.TakeOver(asked.Account);
    }

    /// <summary>Time that went into waiting for targets: all other is the gateway's own.</summary>
    public void Waited(long since) => waited += time.GetElapsedTime(since);

    /// <summary>From here on the other side has this answer, and no other. Its headers explain how it came about.</summary>
    /// <param name="length">Of the body, in bytes, where it is known.</param>
    public void Begin(int status, long? length)
    {
        var told = Answer.Headers;
        told[RequestId.Header] = Id;
        if (AskedLast is not null) told["x-baton-route"] = AskedLast;
        told["x-baton-attempts"] = Attempts.ToString(CultureInfo.InvariantCulture);
        told["x-baton-overhead-us"] = ((long)(Elapsed - waited).TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
        if (!IsDetached) Admission.Explain(told);
        Account.Begin(status);
        Answer.Begin(status, length);
    }

    /// <summary>As <see cref="Begin"/>, for an answer of events.</summary>
    public void BeginStream(int status)
    {
        Answer.Headers["X-Accel-Buffering"] = "no";   // reverse proxies must not hold events back
        Begin(status, length: null);
    }

    public Task RefuseAsync(GatewayError error)
    {
        Error = error;
        error.AddHeaders(Answer.Headers);
        return SendAsync(error.Status, error.ToJson(surface.Dialect, Id));
    }

    /// <summary>As the other, because a budget does not pay for it.</summary>
    public Task RefuseAsync(GatewayError error, Budget lacks)
    {
        Lacks = lacks;
        return RefuseAsync(error);
    }

    /// <summary>Hands on what a target said.</summary>
    public Task RefuseAsync(UpstreamReply reply)
    {
        foreach (var (name, value) in reply.Headers) Answer.Headers[name] = value;
        return SendAsync(reply.Status, reply.Body, reply.Headers.ContentType is [{ } type, ..] ? type : "application/json");
    }

    /// <summary>Ends a stream that has begun with its dialect's word for an error.</summary>
    public ValueTask BreakAsync(GatewayError error)
    {
        Error = error;
        return EndWithAsync(error);
    }

    /// <summary>As the other, because a budget is used up. Those who listen to the answer are told by whoever brings it to them.</summary>
    public ValueTask BreakAsync(GatewayError error, Budget lacks)
    {
        (Error, Lacks) = (error, lacks);
        return IsDetached ? ValueTask.CompletedTask : EndWithAsync(error);
    }

    private ValueTask EndWithAsync(GatewayError error) => Answer.WriteAsync(error.ToEvent(surface, Id, EventsTold), cancel);

    /// <summary>It is over: it is accounted for, what it used counts within the limits, and its place is another's.</summary>
    public void End(UsageLedger ledger)
    {
        try
        {
            var used = ledger.Close(Account).Tokens;
            Admission.Settle(used.Input, used.Output);
        }
        finally
        {
            Admission.Dispose();
        }
    }

    /// <summary>Answers with one JSON value.</summary>
    public async Task SendAsync(int status, ReadOnlyMemory<byte> json, string contentType = "application/json")
    {
        Answer.Headers.ContentType = contentType;
        Begin(status, json.Length);
        await Answer.WriteAsync(json, cancel);
    }
}
