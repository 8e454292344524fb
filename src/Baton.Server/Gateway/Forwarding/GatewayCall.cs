using System.Globalization;
using Baton.Server.Identity;

namespace Baton.Server.Gateway;

/// <summary>One request on its way through the gateway, and what its headers will tell of it.</summary>
/// <param name="headers">Of the request.</param>
/// <param name="cancel">Signalled when nobody waits for the answer any more.</param>
internal sealed class GatewayCall(Surface surface, CallOrigin origin, IHeaderDictionary headers, TimeProvider time, CancellationToken cancel)
{
    private readonly long received = time.GetTimestamp();
    private TimeSpan waited;

    /// <summary>A request of an application.</summary>
    public static GatewayCall Of(HttpContext http, Surface surface, TimeProvider time) =>
        new(surface, new CallOrigin(http.Tenant, http.CallerName), http.Request.Headers, time, http.RequestAborted) { Answer = new ClientSink(http) };

    public Surface Surface => surface;

    public CallOrigin Origin => origin;

    public IHeaderDictionary RequestHeaders => headers;

    public CancellationToken Cancel => cancel;

    /// <summary>Where the answer goes.</summary>
    public required IAnswerSink Answer { get; init; }

    /// <summary>Names the request: <c>req_</c> and a UUIDv7.</summary>
    public string Id { get; } = $"req_{Guid.CreateVersion7(time.GetUtcNow()):N}";

    /// <summary>How many targets were asked.</summary>
    public int Attempts { get; private set; }

    /// <summary>The one that was asked last.</summary>
    public string? AskedLast { get; private set; }

    public TimeSpan Elapsed => time.GetElapsedTime(received);

    public void Asks(ModelRoute route, ModelTarget target)
    {
        Attempts++;
        AskedLast = $"{route.Name}/{target.Name}";
    }

    /// <summary>Time that went into waiting for targets: all other is the gateway's own.</summary>
    public void Waited(long since) => waited += time.GetElapsedTime(since);

    /// <summary>From here on the other side has this answer, and no other. Its headers explain how it came about.</summary>
    /// <param name="length">Of the body, in bytes, where it is known.</param>
    public void Begin(int status, long? length)
    {
        var told = Answer.Headers;
        told["x-baton-request-id"] = Id;
        if (AskedLast is not null) told["x-baton-route"] = AskedLast;
        told["x-baton-attempts"] = Attempts.ToString(CultureInfo.InvariantCulture);
        told["x-baton-overhead-us"] = ((long)(Elapsed - waited).TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
        Answer.Begin(status, length);
    }

    /// <summary>As <see cref="Begin"/>, for an answer of events.</summary>
    public void BeginStream(int status)
    {
        Answer.Headers["X-Accel-Buffering"] = "no";   // reverse proxies must not hold events back
        Begin(status, length: null);
    }

    public async Task RefuseAsync(GatewayError error)
    {
        error.AddHeaders(Answer.Headers);
        await SendAsync(error.Status, error.ToJson(surface.Dialect, Id));
    }

    /// <summary>Answers with one JSON value.</summary>
    public async Task SendAsync(int status, byte[] json, string contentType = "application/json")
    {
        Answer.Headers.ContentType = contentType;
        Begin(status, json.Length);
        await Answer.WriteAsync(json, cancel);
    }
}
