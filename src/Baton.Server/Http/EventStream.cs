using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Baton.Server.Http;

/// <summary>Writes server-sent events (WHATWG HTML, section 9.2), each flushed as it comes.</summary>
internal sealed class EventStream(HttpResponse response, CancellationToken cancel)
{
    /// <summary>Sends the headers: from here on there are events, and no problem details.</summary>
    public async Task OpenAsync()
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        response.Headers["X-Accel-Buffering"] = "no";   // reverse proxies must not hold events back
        await response.StartAsync(cancel);
    }

    /// <param name="id">What a client that reconnects names as the last it saw; null for what cannot be repeated.</param>
    public async Task WriteAsync<T>(string type, string? id, T data, JsonTypeInfo<T> json)
    {
        await response.WriteAsync($"{(id is null ? "" : $"id: {id}\n")}event: {type}\ndata: {JsonSerializer.Serialize(data, json)}\n\n", cancel);
        await response.Body.FlushAsync(cancel);
    }

    /// <summary>Keeps the connection from looking dead.</summary>
    public async Task BeatAsync()
    {
        await response.WriteAsync(": \n\n", cancel);
        await response.Body.FlushAsync(cancel);
    }
}
