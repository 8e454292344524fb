using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Commands;

/// <summary>What the commands do when something that is not Baton stands between, or in its place.</summary>
public sealed class ForeignServerTests : IDisposable
{
    private const string Run = "run_01980000000070008000000000000001";

    private readonly TemporaryFolder home = new();

    public void Dispose() => home.Dispose();

    [Theory]
    [InlineData("runs", "list")]
    [InlineData("workflows", "list")]
    [InlineData("logs", Run)]
    [InlineData("logs", "-f", Run)]
    [InlineData("run", "default/any")]
    public async Task A_page_of_another_program_is_no_answer(params string[] arguments)
    {
        await using var other = await WebServer.StartAsync(http =>
        {
            http.Response.ContentType = "text/html";
            return http.Response.WriteAsync("<html>Hello</html>");
        });
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, [.. arguments, "--server", $"{other.Address}"]);
        Assert.Equal((3, ""), (code, output));
        Assert.StartsWith("baton: The answer is not one of Baton's.", error, StringComparison.Ordinal);
        Assert.Contains($"{other.Address}", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_doctor_says_that_another_program_answers()
    {
        await using var other = await WebServer.StartAsync(http => http.Response.WriteAsync("Hello"));
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["doctor", "--json", "--server", $"{other.Address}"]);
        Assert.True(code == 1, error);
        var server = JsonElement.Parse(output).EnumerateArray().Single(finding => finding.GetProperty("check").GetString() == "server");
        Assert.Contains("Another program listens", server.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_said_in_one_line()
    {
        await using var broken = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"items\":[");
        });
        var (code, _, error) = await BatonProcess.RunAsync(home.Path, ["runs", "list", "--server", $"{broken.Address}"]);
        Assert.Equal(4, code);
        Assert.StartsWith("baton: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_of_the_environment_is_not_asked_for_this_machine()
    {
        await using var server = await TestServer.StartAsync();
        var proxy = $"http://127.0.0.1:{RawServer.ClosedPort()}";
        var (code, _, error) = await BatonProcess.RunAsync(home.Path, ["runs", "list", "--server", $"{server.Address}"], ("http_proxy", proxy), ("HTTP_PROXY", proxy), ("all_proxy", proxy));
        Assert.True(code == 0, error);
    }
}
