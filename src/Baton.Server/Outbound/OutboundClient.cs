using System.Buffers;
using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Baton.Engine;
using Baton.Server.Sockets;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>Finds the addresses of a host.</summary>
internal delegate Task<IPAddress[]> HostResolver(string host, CancellationToken cancel);

/// <summary>
/// The sockets of the process. One pool serves hosts that workflows name, another those that an operator has configured (model hosts): a
/// connection that was opened to a private address for the latter must not be there for the former to find.
/// </summary>
/// <remarks>
/// No cookies are kept, no proxy of the environment is used, no redirect is followed here. Names are resolved for each new connection, and
/// the address that comes out is what <see cref="AddressPolicy"/> judges. Thread-safe.
/// </remarks>
internal sealed class OutboundClient : IDisposable
{
    /// <summary>How much of an error's body is read.</summary>
    public const int ErrorBytes = 64 << 10;

    /// <summary>Set on requests for which a connection was opened: what breaks there was not broken before.</summary>
    private static readonly HttpRequestOptionsKey<bool> Opened = new("baton.opened");

    private readonly AddressPolicy policy;
    private readonly EventLoops? loops;
    private readonly HostMap map;
    private readonly HostResolver resolve;
    private readonly HttpMessageInvoker guarded;
    private readonly HttpMessageInvoker configured;
    private readonly HttpMessageInvoker forwarding;
    private readonly HttpMessageInvoker guardedForwarding;
    private readonly HttpMessageInvoker afresh;
    private readonly HttpMessageInvoker guardedAfresh;
    private readonly PlainPool plain;

    public OutboundClient(IOptions<OutboundOptions> options, AddressPolicy policy, TimeProvider time, HostResolver? resolve = null, EventLoops? loops = null)
    {
        (this.policy, this.loops) = (policy, loops);
        this.resolve = resolve ?? Dns.GetHostAddressesAsync;
        map = new HostMap(options.Value.HostMap);
        guarded = NewInvoker(options.Value, isConfigured: false);
        configured = NewInvoker(options.Value, isConfigured: true);
        forwarding = NewInvoker(options.Value, isConfigured: true, DecompressionMethods.None);
        guardedForwarding = NewInvoker(options.Value, isConfigured: false, DecompressionMethods.None);
        afresh = NewInvoker(options.Value, isConfigured: true, DecompressionMethods.None, isKept: false);
        guardedAfresh = NewInvoker(options.Value, isConfigured: false, DecompressionMethods.None, isKept: false);
        plain = new PlainPool(options.Value, (host, isConfigured, cancel) => OpenAsync(host, isConfigured, WireAsync, cancel), time);
    }

    public void Dispose()
    {
        guarded.Dispose();
        configured.Dispose();
        forwarding.Dispose();
        guardedForwarding.Dispose();
        afresh.Dispose();
        guardedAfresh.Dispose();
        plain.Dispose();
    }

    /// <summary>Sends a request and returns when the response's headers are there; the caller reads and disposes.</summary>
    /// <exception cref="WorkflowException">Refused, not reachable, broken off, or no connection in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async Task<HttpResponseMessage> OpenAsync(OutboundRequest request, CancellationToken cancel)
    {
        using var message = request.ToMessage(map.Rewrite(request.Uri));
        return await BeginAsync(request.IsConfigured ? configured : guarded, message, request.Label, cancel);
    }

    /// <summary>Sends a request and returns when the response's headers are there. Bodies go as they come: no compression is asked for.</summary>
    /// <remarks>
    /// A host may close a kept connection at the very moment at which a request is sent over it. It is sent again once, over a new connection, when the old one broke before the head of an answer was
    /// there; the framework's client, which is used for TLS, does so by itself only as long as nothing of its body has gone.
    /// </remarks>
    /// <param name="label">How messages name the call.</param>
    /// <param name="isConfigured">True when an operator, not a tenant, has named the host.</param>
    /// <exception cref="WorkflowException">Not reachable, broken off, or no connection in time.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public Task<ForwardedAnswer> ForwardAsync(ForwardMessage message, string label, bool isConfigured, CancellationToken cancel)
    {
        var uri = map.Rewrite(message.Uri);
        return uri.Scheme == Uri.UriSchemeHttp ? plain.SendAsync(message, uri, label, isConfigured, cancel) : ForwardAsync(message.ToHttp(uri), label, isConfigured, cancel);
    }

    private async Task<ForwardedAnswer> ForwardAsync(HttpRequestMessage message, string label, bool isConfigured, CancellationToken cancel)
    {
        using (message)
        {
            var response = await (isConfigured ? BeginAsync(forwarding, message, label, cancel, afresh) : BeginAsync(guardedForwarding, message, label, cancel, guardedAfresh));
            return new SecureAnswer(response, await response.Content.ReadAsStreamAsync(cancel));
        }
    }

    /// <summary>Why an address that is written as numbers may not be called by tenants; null where it may, and for names: what they come to is seen when they are called.</summary>
    public string? Refuse(Uri uri) => map.Find(uri.IdnHost) is null && IPAddress.TryParse(uri.IdnHost, out var address) ? policy.Refuse(address, isConfigured: false) : null;

    /// <param name="again">Sends it once more when a kept connection breaks before the head of an answer is there.</param>
    private static async Task<HttpResponseMessage> BeginAsync(HttpMessageInvoker invoker, HttpRequestMessage message, string label, CancellationToken cancel, HttpMessageInvoker? again = null)
    {
        try
        {
            try
            {
                return await invoker.SendAsync(message, cancel);
            }
            catch (HttpRequestException e) when (again is not null && CallErrors.IsCut(e) && !message.Options.TryGetValue(Opened, out _) && !cancel.IsCancellationRequested)
            {
                return await again.SendAsync(message, cancel);
            }
        }
        catch (Exception e)
        {
            if (CallErrors.NoAnswer(e, label, cancel) is { } explained) throw explained;
            throw;
        }
    }

    /// <summary>Sends a request and reads the response: all of a success, the beginning of an error.</summary>
    /// <param name="limit">Largest success that is taken, in bytes after decompression.</param>
    /// <param name="limitSetting">The option that holds it, for the message.</param>
    /// <exception cref="WorkflowException">As <see cref="OpenAsync"/>, or the response is larger than <paramref name="limit"/>.</exception>
    public async Task<OutboundResponse> SendAsync(OutboundRequest request, int limit, string limitSetting, CancellationToken cancel)
    {
        using var response = await OpenAsync(request, cancel);
        var isError = (int)response.StatusCode >= 400;
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .SelectMany(header => header.Value.Select(value => KeyValuePair.Create(header.Key, value)))
            .ToImmutableArray();
        try
        {
            var body = await ReadAsync(response, isError ? ErrorBytes : limit, cancel);
            if (body is null && !isError) throw CallErrors.BadAnswer($"{request.Label} answered with more than {limit} bytes, the limit set by {limitSetting}.");
            return new OutboundResponse((int)response.StatusCode, headers, body ?? ReadOnlyMemory<byte>.Empty);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException && !isError)
        {
            throw CallErrors.Unreachable(request.Label, e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            return new OutboundResponse((int)response.StatusCode, headers, ReadOnlyMemory<byte>.Empty);   // the status says enough
        }
    }

    /// <returns>Null when a success is larger than the limit; an error is cut there.</returns>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(HttpResponseMessage response, int limit, CancellationToken cancel)
    {
        var isError = (int)response.StatusCode >= 400;
        if (!isError && response.Content.Headers.ContentLength > limit) return null;
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var body = new ArrayBufferWriter<byte>();
        while (true)
        {
            var read = await stream.ReadAsync(body.GetMemory(4096), cancel);
            if (read == 0) return body.WrittenMemory;
            body.Advance(read);
            if (body.WrittenCount <= limit) continue;
            if (!isError) return null;
            return body.WrittenMemory[..limit];
        }
    }

    private HttpMessageInvoker NewInvoker(OutboundOptions options, bool isConfigured, DecompressionMethods decompression = DecompressionMethods.All, bool isKept = true) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = decompression,
        ActivityHeadersPropagator = null,   // trace ids are no business of strangers
        ConnectTimeout = options.ConnectTimeout,
        PooledConnectionLifetime = isKept ? options.ConnectionLifetime : TimeSpan.Zero,
        PooledConnectionIdleTimeout = options.ConnectionIdleTimeout,
        MaxConnectionsPerServer = options.MaxConnectionsPerHost,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8,
        ConnectCallback = async (context, cancel) =>
        {
            context.InitialRequestMessage.Options.Set(Opened, true);
            return new NetworkStream(await OpenAsync(context.DnsEndPoint, isConfigured, SocketAsync, cancel), ownsSocket: true);
        },
    });

    private async ValueTask<T> OpenAsync<T>(DnsEndPoint wanted, bool isConfigured, Func<IPEndPoint, CancellationToken, ValueTask<T>> connect, CancellationToken cancel)
    {
        var (host, port) = (wanted.Host, wanted.Port);
        if (map.Find(host) is { } mapped) (host, port, isConfigured) = (mapped.Host, mapped.Port, true);
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, cancel);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);

        Exception? failure = null;
        foreach (var address in addresses)
        {
            if (policy.Refuse(address, isConfigured) is { } reason)
            {
                failure ??= new AddressRefusedException(reason);
                continue;
            }
            try
            {
                return await connect(new IPEndPoint(address, port), cancel);
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }
        throw failure!;
    }

    private static ValueTask<Socket> SocketAsync(IPEndPoint to, CancellationToken cancel) => ConnectedAsync(NewSocket(to), socket => socket.ConnectAsync(to, cancel));

    private async ValueTask<Wire> WireAsync(IPEndPoint to, CancellationToken cancel) =>
        loops is null ? new FrameworkSocket(await SocketAsync(to, cancel)) : await ConnectedAsync(new LoopSocket(NewSocket(to), loops.Own()), socket => socket.ConnectAsync(to, cancel));

    /// <summary>What does not connect is not left open.</summary>
    private static async ValueTask<T> ConnectedAsync<T>(T socket, Func<T, ValueTask> connect)
        where T : IDisposable
    {
        try
        {
            await connect(socket);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket NewSocket(IPEndPoint to) => new(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
}
