using System.Diagnostics;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>The page of a run, in a real browser.</summary>
public sealed class RunPageTests : IDisposable
{
    private readonly TemporaryFolder profile = new();

    public void Dispose() => profile.Dispose();

    [Fact]
    public async Task The_page_shows_the_steps_and_what_the_run_gave()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("shown", """
            do:
              - first: { set: { a: 1 } }
              - gather: { call: map, with: { in: '[range(3)]', do: [ { s: { set: '${ . }' } } ] } }
              - end:
                  set:
                    display: { headline: It is done, tables: [ { title: Facts, columns: [ { header: Name } ], rows: [ [ { text: '<img src=x onerror=alert(1)>', tone: good } ] ] } ] }
                    artifacts: [ { name: a.txt, title: Text, content: hello } ]
            """);
        var run = await server.StartRunAsync("shown", """{"who":"Ada"}""");
        await server.EndAsync(run);
        var page = await RenderAsync(new Uri(server.Address, $"/runs/{run}"));
        Assert.Contains("""<h1 id="workflow">test/shown@1.0.0</h1>""", page, StringComparison.Ordinal);
        Assert.Contains("""class="pill good">completed</span>""", page, StringComparison.Ordinal);
        Assert.Contains("""<h2 class="">It is done</h2>""", page, StringComparison.Ordinal);
        Assert.Contains("gather", page, StringComparison.Ordinal);
        Assert.Contains("3/3", page, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", page, StringComparison.Ordinal);
        Assert.Contains("""download="a.txt">Text</a>""", page, StringComparison.Ordinal);
        Assert.Contains("\"who\": \"Ada\"", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_failed_says_why()
    {
        await using var server = await TestServer.StartAsync();
        await server.RegisterAsync("failing", "do: [ { r: { raise: { error: { type: 'urn:odd', status: 422, title: Odd, detail: It is odd. } } } } ]");
        var run = await server.StartRunAsync("failing");
        await server.EndAsync(run);
        var page = await RenderAsync(new Uri(server.Address, $"/runs/{run}"));
        Assert.Contains("""class="notice bad" role="status">Odd: It is odd. (/do/0/r)</p>""", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_an_unknown_run_says_so()
    {
        await using var server = await TestServer.StartAsync();
        var page = await RenderAsync(new Uri(server.Address, $"/runs/run_{new string('0', 32)}"));
        Assert.Contains("There is no run", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_asks_for_a_key_where_one_is_needed_and_holds_nothing_itself()
    {
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Keys = "acme:ada:0123456789abcdef0123" });
        var answer = (await server.GetAsync("/runs/run_1")).Ok();
        Assert.Contains("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        var page = await RenderAsync(new Uri(server.Address, $"/runs/run_{new string('0', 32)}"));
        Assert.Contains("""<form id="ask">""", page, StringComparison.Ordinal);
    }

    /// <summary>The document after its scripts have run and the network is quiet.</summary>
    private async Task<string> RenderAsync(Uri address)
    {
        var start = new ProcessStartInfo("chromium") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in new[] { "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", $"--user-data-dir={profile.Path}", "--virtual-time-budget=10000", "--dump-dom", $"{address}" }) start.ArgumentList.Add(argument);
        Process chromium;
        try
        {
            chromium = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("chromium is not installed, and this test looks at a page in it.");
            throw;
        }
        using (chromium)
        {
            var errors = chromium.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var page = await chromium.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await chromium.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(page.Length > 0, await errors);
            return page;
        }
    }
}
