using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Baton.Client;
using Baton.Jq;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Baton.Server.Http;

/// <summary>Reads request bodies within their limits: what is refused is named with its place.</summary>
internal sealed class RequestBody(IOptions<HttpOptions> options)
{
    private readonly HttpOptions limits = options.Value;

    /// <summary>The body as JSON; an absent one is null.</summary>
    public Task<BodyResult<JqValue>> ReadJsonAsync(HttpRequest request, CancellationToken cancel) => ReadJsonAsync(request, limits.MaxRequestBytes, "Http:MaxRequestBytes", cancel);

    /// <summary>The same up to another limit.</summary>
    /// <param name="setting">That of the limit.</param>
    public async Task<BodyResult<JqValue>> ReadJsonAsync(HttpRequest request, int limit, string setting, CancellationToken cancel)
    {
        if (!HasType(request, "application/json", "text/json") && !IsEmpty(request)) return Problems.WrongMediaType(request.ContentType, "application/json");
        Admit(request, limit);
        var bytes = await ReadAsync(request, limit, cancel);
        if (bytes is null) return Problems.TooLarge(limit, setting);
        if (bytes.Length == 0) return JqValue.Null;
        try
        {
            return JqValue.Parse(bytes, new JqParseOptions { MaxDepth = limits.MaxJsonDepth, RejectDuplicateKeys = true });
        }
        catch (JqParseException e)
        {
            return Problems.InvalidBody($"The body is not JSON that is accepted here: {e.Message}", new Fault(e.Pointer ?? "", e.Message, e.Line));
        }
    }

    /// <summary>The body as text in UTF-8.</summary>
    public async Task<BodyResult<string>> ReadTextAsync(HttpRequest request, CancellationToken cancel)
    {
        var bytes = await ReadAsync(request, limits.MaxRequestBytes, cancel);
        if (bytes is null) return Problems.TooLarge(limits.MaxRequestBytes);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : Problems.InvalidBody("The body is not UTF-8.", new Fault("", "Send text in UTF-8."));
    }

    /// <summary>
    /// How many bytes the server takes off the wire where fewer are accepted: the refusal is ours then, with the limit in it, and the rest of a body that is not much too large
    /// is still taken, for a client whose sending breaks off does not read the answer.
    /// </summary>
    public static long MostTaken(long limit) => (4 * limit) + 1024;

    /// <summary>Has the server take as many of a request whose limit is not that of all.</summary>
    public static void Admit(HttpRequest request, long limit)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = MostTaken(limit);
    }

    /// <summary>The body as it is.</summary>
    /// <returns>Null when it has more bytes than <paramref name="limit"/>.</returns>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, long limit, CancellationToken cancel)
    {
        if (request.ContentLength > limit) return null;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(cancel);
            if (read.IsCompleted || read.Buffer.Length > limit)
            {
                var bytes = read.Buffer.Length > limit ? null : read.Buffer.ToArray();
                request.BodyReader.AdvanceTo(read.Buffer.End);
                return bytes;
            }
            request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static bool IsEmpty(HttpRequest request) => request.ContentLength is null or 0 && request.ContentType is null;

    private static bool HasType(HttpRequest request, params ReadOnlySpan<string> types)
    {
        var type = request.ContentType.AsSpan();
        var end = type.IndexOf(';');
        type = (end < 0 ? type : type[..end]).Trim();
        foreach (var one in types)
        {
            if (type.Equals(one, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>A body, or why there is none.</summary>
internal readonly record struct BodyResult<T>(T? Value, ProblemResult? Problem)
{
    public static implicit operator BodyResult<T>(T value) => new(value, null);

    public static implicit operator BodyResult<T>(ProblemResult problem) => new(default, problem);
}
