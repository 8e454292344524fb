using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Baton.Server.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Baton.Server.Tests.Sockets;

/// <summary>The server's own HTTP, on the loops.</summary>
public sealed class LoopTransportTests : IAsyncLifetime
{
    private readonly TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously), aborted = new(TaskCreationOptions.RunContinuationsAsynchronously), released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly X509Certificate2 certificate = Certificate();
    private WebApplication app = null!;
    private Uri[] addresses = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<EventLoops>().AddSingleton<IConnectionListenerFactory, LoopTransport>();
        app = builder.Build();
        app.MapPost("/echo", async http =>
        {
            using var body = new MemoryStream();   // all of it first: the client does not read before it has sent
            await http.Request.Body.CopyToAsync(body, http.RequestAborted);
            body.Position = 0;
            await body.CopyToAsync(http.Response.Body, http.RequestAborted);
        });
        app.MapGet("/wait", async http =>
        {
            http.RequestAborted.Register(aborted.SetResult);
            arrived.SetResult();
            await released.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync("done");
        });
        await app.StartAsync(Cancel);
        addresses = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(address => new Uri(address))];
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        certificate.Dispose();
    }

    [Theory]
    [InlineData(0, "1.1")]
    [InlineData(1, "2.0")]
    [InlineData(2, "1.1")]
    [InlineData(2, "2.0")]
    public async Task Bodies_of_any_size_go_in_and_out_in_every_version_with_and_without_tls(int endpoint, string version)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.Thumbprint } })
        {
            DefaultRequestVersion = Version.Parse(version), DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            var bytes = RandomNumberGenerator.GetBytes(i switch { < 8 => i, < 16 => i * 1_000, _ => i * 60_000 });
            using var answer = await http.PostAsync(new Uri(addresses[endpoint], "/echo"), new ByteArrayContent(bytes), Cancel);
            Assert.Equal(Version.Parse(version), answer.Version);
            var back = await answer.Content.ReadAsByteArrayAsync(Cancel);
            Assert.True(bytes.AsSpan().SequenceEqual(back));
        }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_client_that_leaves_is_noticed_while_its_answer_is_made(bool isCut)
    {
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(new IPEndPoint(IPAddress.Loopback, addresses[0].Port), Cancel);
        await client.SendAsync("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Cancel);
        await arrived.Task.WaitAsync(Cancel);
        if (isCut) client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        await aborted.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task A_server_that_stops_finishes_what_it_has_begun_and_lets_go_of_who_only_waits()
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var idle = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await idle.ConnectAsync(new IPEndPoint(IPAddress.Loopback, addresses[0].Port), Cancel);
        var answering = http.GetStringAsync(new Uri(addresses[0], "/wait"), Cancel);
        await arrived.Task.WaitAsync(Cancel);
        var stopping = app.StopAsync(Cancel);
        Assert.Equal(0, await idle.ReceiveAsync(new byte[1], Cancel));
        Assert.False(stopping.IsCompleted);
        released.SetResult();
        Assert.Equal("done", await answering);
        await stopping;
        using var late = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(new IPEndPoint(IPAddress.Loopback, addresses[0].Port), Cancel));
    }

    [Fact]
    public async Task An_address_that_is_taken_is_said_to_be()
    {
        using var loops = new EventLoops();
        await Assert.ThrowsAsync<AddressInUseException>(async () => await new LoopTransport(loops, TimeProvider.System, NullLogger<LoopTransport>.Instance).BindAsync(new IPEndPoint(IPAddress.Loopback, addresses[0].Port), Cancel));
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
    }
}
