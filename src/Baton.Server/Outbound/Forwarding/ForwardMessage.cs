using System.Net.Http.Headers;
using System.Runtime.InteropServices;

namespace Baton.Server.Outbound;

/// <summary>A request to a model's host as it goes out.</summary>
/// <param name="method">In capitals.</param>
/// <param name="uri">Absolute, http or https.</param>
/// <param name="json">The body; null for none.</param>
internal sealed class ForwardMessage(string method, Uri uri, ReadOnlyMemory<byte>? json = null)
{
    private readonly List<KeyValuePair<string, string>> headers = new(8);

    public string Method => method;

    public Uri Uri => uri;

    public ReadOnlyMemory<byte>? Json => json;

    /// <summary>Without those of the connection and the body.</summary>
    public ReadOnlySpan<KeyValuePair<string, string>> Headers => CollectionsMarshal.AsSpan(headers);

    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>Adds a header, in place of one of the same name; nothing where it is the sender's to set.</summary>
    /// <exception cref="HttpRequestException">It would not be one header.</exception>
    public void Set(string name, string value)
    {
        if (HeaderRules.IsFraming(name) || name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)) return;
        if (!HeaderRules.IsOne(name, value)) throw new HttpRequestException($"The header '{name}' holds a character that no header may hold.");
        var at = IndexOf(name);
        if (at < 0) headers.Add(new(name, value));
        else headers[at] = new(name, value);
    }

    public HttpRequestMessage ToHttp(Uri target)
    {
        var message = new HttpRequestMessage(new HttpMethod(method), target);
        if (json is { } body)
        {
            message.Content = new ReadOnlyMemoryContent(body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }
        foreach (var (name, value) in headers) message.Headers.TryAddWithoutValidation(name, value);
        return message;
    }

    private int IndexOf(string name)
    {
        var at = headers.Count - 1;
        while (at >= 0 && !headers[at].Key.Equals(name, StringComparison.OrdinalIgnoreCase)) at--;
        return at;
    }
}
