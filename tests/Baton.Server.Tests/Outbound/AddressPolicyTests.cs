using System.Net;
using Baton.Engine;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Outbound;

public sealed class AddressPolicyTests
{
    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%3")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("fd00:42::42")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("::")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.250")]
    [InlineData("255.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("ff02::1")]
    [InlineData("2001:0:53aa:64c::1")]
    public void An_address_that_no_workflow_may_call_is_refused_whatever_is_allowed(string address)
    {
        Assert.NotNull(new AddressPolicy(allowPrivate: true).Refuse(IPAddress.Parse(address), isConfigured: false));
        Assert.NotNull(new AddressPolicy(allowPrivate: true).Refuse(IPAddress.Parse(address), isConfigured: true));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.9.9.9")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("10.0.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("198.18.0.1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("fec0::1")]
    [InlineData("64:ff9b:1::1")]
    public void A_private_address_is_refused_unless_the_setting_or_the_operator_allows_it(string address)
    {
        var ip = IPAddress.Parse(address);
        Assert.Contains("Outbound:AllowPrivate", new AddressPolicy(allowPrivate: false).Refuse(ip, isConfigured: false), StringComparison.Ordinal);
        Assert.Null(new AddressPolicy(allowPrivate: true).Refuse(ip, isConfigured: false));
        Assert.Null(new AddressPolicy(allowPrivate: false).Refuse(ip, isConfigured: true));
    }

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.1")]
    [InlineData("100.63.255.255")]
    [InlineData("192.169.0.1")]
    [InlineData("169.253.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("2002:808:808::1")]
    public void A_public_address_is_allowed(string address) =>
        Assert.Null(new AddressPolicy(allowPrivate: false).Refuse(IPAddress.Parse(address), isConfigured: false));

    [Theory]
    [InlineData("http://127.0.0.1:{0}/")]
    [InlineData("http://127.1:{0}/")]
    [InlineData("http://2130706433:{0}/")]
    [InlineData("http://0x7f000001:{0}/")]
    [InlineData("http://0177.0.0.1:{0}/")]
    [InlineData("http://[::ffff:127.0.0.1]:{0}/")]
    [InlineData("http://[::ffff:7f00:1]:{0}/")]
    [InlineData("http://localhost:{0}/")]
    public async Task However_a_loopback_address_is_spelt_the_socket_is_refused(string spelling)
    {
        await using var server = new RawServer(connection => connection.StallAsync());
        using var world = new OutboundWorld(allowPrivate: false);
        var e = await world.FailAsync(new Uri(string.Format(spelling, server.Port)));
        Assert.Equal((ErrorTypes.Authorization, 403, ErrorClass.Auth), (e.Error.Type, e.Error.Status, e.Class));
        Assert.Contains("Outbound:AllowPrivate", e.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(0, server.Connections);
    }

    [Fact]
    public async Task A_name_that_resolves_to_a_private_address_the_second_time_is_refused_then()
    {
        await using var server = await WebServer.StartAsync(http =>
        {
            http.Response.Headers.Connection = "close";
            return Task.CompletedTask;
        });
        var asked = 0;
        using var world = new OutboundWorld(
            options => options.HostMap["good.example"] = server.Address.Authority,
            allowPrivate: false,
            resolve: (_, _) => Task.FromResult<IPAddress[]>([asked++ == 0 ? IPAddress.Parse("203.0.113.7") : IPAddress.Loopback]));
        await world.GetAsync(new Uri("http://good.example/"));   // by the map: the resolver is not asked
        Assert.Equal(0, asked);
        asked = 1;
        var e = await world.FailAsync(new Uri($"http://rebinding.example:{server.Address.Port}/"));
        Assert.Equal(403, e.Error.Status);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Of_a_names_addresses_the_refused_ones_are_passed_over()
    {
        await using var server = await WebServer.StartAsync(_ => Task.CompletedTask);
        using var world = new OutboundWorld(resolve: (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Parse("169.254.169.254"), IPAddress.Loopback]));
        Assert.True((await world.GetAsync(new Uri($"http://two.example:{server.Address.Port}/"))).IsNull);
    }

    [Fact]
    public async Task A_redirect_to_a_metadata_address_is_refused()
    {
        await using var server = await WebServer.StartAsync(http =>
        {
            http.Response.Redirect("http://169.254.169.254/latest/meta-data/");
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld();
        var e = await world.FailAsync(OutboundWorld.Get(server.Address) with { AcceptRedirects = true });
        Assert.Equal((ErrorTypes.Authorization, 403), (e.Error.Type, e.Error.Status));
        Assert.Contains("metadata", e.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_of_a_configured_host_is_not_lent_to_a_workflow()
    {
        await using var server = await WebServer.StartAsync(_ => Task.CompletedTask);
        using var world = new OutboundWorld(allowPrivate: false);
        var request = new OutboundRequest("GET", server.Address, []);
        Assert.Equal(200, (await world.Client.SendAsync(request with { IsConfigured = true }, 1000, "", CancellationToken.None)).Status);
        await Assert.ThrowsAsync<WorkflowException>(() => world.Client.SendAsync(request, 1000, "", CancellationToken.None));
    }

    [Fact]
    public async Task A_mapped_host_is_called_where_it_stands_under_its_own_name()
    {
        var host = "";
        await using var server = await WebServer.StartAsync(http =>
        {
            host = http.Request.Host.Value!;
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld(options => options.HostMap["petstore.swagger.io"] = server.Address.AbsoluteUri.TrimEnd('/'), allowPrivate: false);
        await world.GetAsync(new Uri("https://petstore.swagger.io/v2/pet/1"));
        Assert.Equal("petstore.swagger.io", host);
        await world.GetAsync(new Uri("https://PetStore.swagger.io:8443/v2/pet/1"));
        Assert.Equal("petstore.swagger.io:8443", host);
        Assert.Equal(403, (await world.FailAsync(server.Address)).Error.Status);   // the map opens a name, not the address behind it
    }

    [Theory]
    [InlineData("localhost:80", null, "localhost", 80)]
    [InlineData("http://127.0.0.1:8089", "http", "127.0.0.1", 8089)]
    [InlineData("https://[::1]:8443/", "https", "::1", 8443)]
    [InlineData("http://inner", "http", "inner", 80)]
    public void A_mapping_names_a_host_a_port_and_perhaps_a_scheme(string text, string? scheme, string host, int port) =>
        Assert.Equal(new MappedHost(scheme, host, port), HostMap.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("localhost")]
    [InlineData("ftp://h:1")]
    [InlineData("http://h/path")]
    [InlineData("http://u:p@h:1")]
    [InlineData("h:port")]
    public void A_mapping_that_names_no_host_and_port_is_refused_at_start(string text)
    {
        Assert.Null(HostMap.Parse(text));
        var result = new OutboundOptionsRules().Validate(null, new OutboundOptions { HostMap = { ["a"] = text } });
        Assert.Contains("Outbound:HostMap:a", result.FailureMessage, StringComparison.Ordinal);
    }
}
