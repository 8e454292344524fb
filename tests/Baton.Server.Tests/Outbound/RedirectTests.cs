using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Outbound;

public sealed class RedirectTests
{
    private static Task<WebServer> RedirectingAsync(int status, string location, List<string>? seen = null) => WebServer.StartAsync(async http =>
    {
        seen?.Add($"{http.Request.Method} {http.Request.Path} {await new StreamReader(http.Request.Body).ReadToEndAsync()}|{http.Request.Headers.Authorization}|{http.Request.Headers["X-Api-Key"]}|{http.Request.Headers["X-Plain"]}");
        if (http.Request.Path == "/from")
        {
            http.Response.StatusCode = status;
            http.Response.Headers.Location = location;
            return;
        }
        http.Response.ContentType = "text/plain";
        await http.Response.WriteAsync("there");
    });

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_an_error_unless_the_document_accepts_redirects(int status)
    {
        await using var server = await RedirectingAsync(status, "/to?token=abc");
        using var world = new OutboundWorld();
        var e = await world.FailAsync(server["/from"]);
        Assert.Equal((ErrorTypes.Communication, status), (e.Error.Type, e.Error.Status));
        Assert.Contains("/to?token=…", e.Error.Detail, StringComparison.Ordinal);
        var answer = await world.CallAsync(OutboundWorld.Get(server["/from"]) with { AcceptRedirects = true, Output = HttpOutput.Response });
        Assert.Equal((200, "there"), (answer["statusCode"].AsDouble(), answer["content"].AsString()));
        Assert.EndsWith("/to?token=***", answer["request"]["uri"].AsString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(301, "GET /to |||")]
    [InlineData(302, "GET /to |||")]
    [InlineData(303, "GET /to |||")]
    [InlineData(307, "POST /to 1|||")]
    [InlineData(308, "POST /to 1|||")]
    public async Task A_post_is_repeated_only_where_the_status_says_so(int status, string second)
    {
        var seen = new List<string>();
        await using var server = await RedirectingAsync(status, "to", seen);
        using var world = new OutboundWorld();
        await world.CallAsync(OutboundWorld.Post(server["/from"], 1) with { AcceptRedirects = true });
        Assert.Equal(["POST /from 1|||", second], seen);
    }

    [Theory]
    [InlineData(304, "")]
    [InlineData(300, "/to")]
    [InlineData(302, "")]
    [InlineData(302, "mailto:a@b")]
    public async Task An_accepted_redirect_that_leads_nowhere_is_the_answer(int status, string location)
    {
        await using var server = await RedirectingAsync(status, location);
        using var world = new OutboundWorld();
        var answer = await world.CallAsync(OutboundWorld.Get(server["/from"]) with { AcceptRedirects = true, Output = HttpOutput.Response });
        Assert.Equal(status, answer["statusCode"].AsDouble());
    }

    [Fact]
    public async Task Credentials_go_no_further_than_their_origin()
    {
        var seen = new List<string>();
        await using var other = await RedirectingAsync(200, "", seen);
        await using var server = await RedirectingAsync(307, new Uri(other.Address, "/to").AbsoluteUri);
        using var world = new OutboundWorld();
        var call = OutboundWorld.Get(server["/from"], new Authentication.Bearer("t0ken")) with
        {
            AcceptRedirects = true,
            Headers = OutboundWorld.Headers(("X-Api-Key", "k"), ("X-Plain", "p")),
        };
        await world.CallAsync(call);
        Assert.Equal(["GET /to |||p"], seen);

        seen.Clear();
        await using var same = await RedirectingAsync(307, "/to", seen);
        await world.CallAsync(call with { Uri = same["/from"] });
        Assert.Equal(["GET /from |Bearer t0ken|k|p", "GET /to |Bearer t0ken|k|p"], seen);
    }

    [Fact]
    public async Task A_loop_of_redirects_ends_in_an_error()
    {
        var calls = 0;
        await using var server = await WebServer.StartAsync(http =>
        {
            calls++;
            http.Response.Redirect("/again");
            return Task.CompletedTask;
        });
        using var world = new OutboundWorld(options => options.MaxRedirects = 3);
        var e = await world.FailAsync(OutboundWorld.Get(server.Address) with { AcceptRedirects = true });
        Assert.Contains("Outbound:MaxRedirects", e.Error.Detail, StringComparison.Ordinal);
        Assert.Equal(4, calls);
    }

    [Fact]
    public async Task A_redirect_to_an_address_with_a_password_is_refused()
    {
        await using var server = await RedirectingAsync(302, "http://u:pa55@127.0.0.1:1/");
        using var world = new OutboundWorld();
        var e = await world.FailAsync(OutboundWorld.Get(server["/from"]) with { AcceptRedirects = true });
        Assert.DoesNotContain("pa55", e.ToString(), StringComparison.Ordinal);
    }
}
