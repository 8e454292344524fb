using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Baton.Server.Outbound;

/// <summary>An answer of a model's host: its head is there, its body is read as it comes. Disposed before its end, it is broken off.</summary>
internal abstract class ForwardedAnswer : IDisposable
{
    private string? contentType;   // asked for several times

    public abstract int Status { get; }

    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>Of the body, in bytes; null where it is not known before its end.</summary>
    public abstract long? ContentLength { get; }

    /// <summary>Sets the headers that are wanted in a dictionary. Those that are not plain stay away: some clients and servers break at them.</summary>
    public abstract void CopyTo(IHeaderDictionary to, Func<string, bool> wants);

    /// <summary>What a header says, several of one name joined by commas; null where it is not there.</summary>
    public abstract string? Header(string name);

    /// <summary>The media type without its parameters; empty where none is stated.</summary>
    public ReadOnlySpan<char> MediaType
    {
        get
        {
            var type = (contentType ??= Header("Content-Type") ?? "").AsSpan();
            var end = type.IndexOf(';');
            return (end < 0 ? type : type[..end]).Trim();
        }
    }

    public bool IsEvents => MediaType.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);

    /// <returns>How many bytes of the body were read; 0 at its end.</returns>
    /// <exception cref="IOException">It broke off, or is not what HTTP allows.</exception>
    public abstract ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken cancel);

    /// <summary>Says that the answer has come to its end, as far as its reader knows: what frames may follow is read behind its back, so that the connection can be used again.</summary>
    public virtual void Finish()
    {
    }

    public abstract void Dispose();
}

/// <summary>One that came through the framework's client, over TLS. That reads by itself what is left.</summary>
internal sealed class SecureAnswer(HttpResponseMessage response, Stream body) : ForwardedAnswer
{
    public override int Status => (int)response.StatusCode;

    public override long? ContentLength => response.Content.Headers.ContentLength;

    public override void CopyTo(IHeaderDictionary to, Func<string, bool> wants)
    {
        Copy(response.Headers.NonValidated);
        Copy(response.Content.Headers.NonValidated);

        void Copy(HttpHeadersNonValidated headers)
        {
            foreach (var (name, values) in headers)
            {
                if (wants(name) && HeaderRules.IsPlain(name, values.ToString())) to[name] = values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
            }
        }
    }

    public override string? Header(string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;

    public override ValueTask<int> ReadAsync(Memory<byte> to, CancellationToken cancel) => body.ReadAsync(to, cancel);

    public override void Dispose() => response.Dispose();
}
