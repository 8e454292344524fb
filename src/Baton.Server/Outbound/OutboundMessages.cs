using System.Collections.Immutable;
using System.Net.Http.Headers;

namespace Baton.Server.Outbound;

/// <summary>A request as it goes out: complete, and sendable more than once.</summary>
/// <param name="Uri">Absolute, http or https, without user info and fragment.</param>
/// <param name="Body">Null for none.</param>
internal sealed record OutboundRequest(string Method, Uri Uri, ImmutableArray<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte>? Body = null)
{
    /// <summary>True when an operator, not a workflow, has named the host.</summary>
    public bool IsConfigured { get; init; }

    /// <summary>True to have a token asked for anew, whatever is kept.</summary>
    public bool RefreshesCredential { get; init; }

    /// <summary>How messages name it.</summary>
    public string Label => $"{Method} {SafeUri.ForMessage(Uri)}";

    public bool Has(string header) => Headers.Any(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase));

    /// <summary>This request with one header more, in place of any of the same name.</summary>
    public OutboundRequest With(string header, string value) => Without(header) with { Headers = Without(header).Headers.Add(new(header, value)) };

    public OutboundRequest Without(string header) =>
        this with { Headers = Headers.RemoveAll(h => h.Key.Equals(header, StringComparison.OrdinalIgnoreCase)) };

    public HttpRequestMessage ToMessage(Uri target)
    {
        var message = new HttpRequestMessage(new HttpMethod(Method), target);
        if (Body is { } body) message.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, value) in Headers)
        {
            if (message.Headers.TryAddWithoutValidation(name, value)) continue;
            // Content-Type on a request without content: some APIs look at it, so an empty content carries it.
            message.Content ??= new ByteArrayContent([]);
            message.Content.Headers.TryAddWithoutValidation(name, value);
        }
        return message;
    }
}

/// <summary>A response that has been read as far as it is wanted.</summary>
/// <param name="Body">For a status of 400 and above only the beginning, at most <see cref="OutboundClient.ErrorBytes"/>.</param>
internal sealed record OutboundResponse(int Status, ImmutableArray<KeyValuePair<string, string>> Headers, ReadOnlyMemory<byte> Body)
{
    /// <summary>Values of one header, joined with commas; null when absent.</summary>
    public string? Header(string name)
    {
        var values = Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value).ToArray();
        return values.Length == 0 ? null : string.Join(", ", values);
    }

    public IEnumerable<string> HeaderValues(string name) =>
        Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);

    public MediaTypeHeaderValue? ContentType => MediaTypeHeaderValue.TryParse(Header("Content-Type"), out var type) ? type : null;

    /// <summary>What the other side asked to wait: <c>Retry-After</c> in seconds or as a date (RFC 9110, section 10.2.3).</summary>
    public TimeSpan? RetryAfter(TimeProvider time)
    {
        if (!RetryConditionHeaderValue.TryParse(Header("Retry-After"), out var retry)) return null;
        var wait = retry.Delta ?? retry.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
