using System.Globalization;

namespace Baton.Server.Gateway;

/// <summary>One request on its way through the gateway, and what its headers will tell of it.</summary>
internal sealed class GatewayCall(HttpContext http, Surface surface, TimeProvider time)
{
    private readonly long received = time.GetTimestamp();
    private TimeSpan waited;

    public HttpContext Http => http;

    public Surface Surface => surface;

    /// <summary>Names the request: <c>req_</c> and a UUIDv7.</summary>
    public string Id { get; } = $"req_{Guid.CreateVersion7(time.GetUtcNow()):N}";

    /// <summary>How many targets were asked.</summary>
    public int Attempts { get; private set; }

    /// <summary>The one that was asked last.</summary>
    public string? AskedLast { get; private set; }

    public TimeSpan Elapsed => time.GetElapsedTime(received);

    public long Now => time.GetTimestamp();

    public TimeSpan Since(long timestamp) => time.GetElapsedTime(timestamp);

    public void Asks(ModelRoute route, ModelTarget target)
    {
        Attempts++;
        AskedLast = $"{route.Name}/{target.Name}";
    }

    /// <summary>Time that went into waiting for targets: all other is the gateway's own.</summary>
    public void Waited(long since) => waited += time.GetElapsedTime(since);

    /// <summary>Sets the headers by which an answer explains itself.</summary>
    public void Explain()
    {
        var headers = http.Response.Headers;
        headers["x-baton-request-id"] = Id;
        if (AskedLast is not null) headers["x-baton-route"] = AskedLast;
        headers["x-baton-attempts"] = Attempts.ToString(CultureInfo.InvariantCulture);
        headers["x-baton-overhead-us"] = ((long)(Elapsed - waited).TotalMicroseconds).ToString(CultureInfo.InvariantCulture);
    }

    public Task RefuseAsync(GatewayError error)
    {
        Explain();
        return error.WriteAsync(http, surface.Dialect, Id);
    }
}
