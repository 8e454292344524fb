using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Commands;

public sealed partial class DemoTests : IDisposable
{
    private readonly TemporaryFolder home = new();

    public void Dispose() => home.Dispose();

    [GeneratedRegex(@"run_[0-9a-f]{32}")]
    private static partial Regex RunIds();

    [GeneratedRegex(@"/\S+demo\.db")]
    private static partial Regex Databases();

    [Fact]
    public async Task The_demo_finds_both_faults_by_itself_and_says_where_everything_lies()
    {
        var (code, output, error) = await BatonProcess.RunAsync(home.Path, ["demo"]);
        Assert.True(code == 0, error);
        Assert.Matches(@"AC-6 .* missing", output);
        Assert.Contains("docs/operations.md is stale", output, StringComparison.Ordinal);
        Assert.Contains("✓ collect_range", error, StringComparison.Ordinal);
        Assert.Matches(@"✓ ask_model █+ 7/7", error);

        var run = RunIds().Match(output).Value;
        foreach (var file in new[] { "pr-confidence.json", "pr-confidence.md", "pr-confidence.html" })
        {
            var path = Path.Combine(home.Path, "baton-out", run, file);
            Assert.Contains(path, output, StringComparison.Ordinal);
            Assert.True(new FileInfo(path).Length > 1_000);
        }
        var report = JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(home.Path, "baton-out", run, "pr-confidence.json"), TestContext.Current.CancellationToken));
        Assert.Equal(run, report.GetProperty("workflow_id").GetString());

        // The line that says how to look at the run again is true.
        Assert.Contains($"/runs/{run} after: baton serve --db", output, StringComparison.Ordinal);
        var (server, address) = await BatonProcess.ServeAsync(home.Path, Databases().Match(output).Value);
        await using (server)
        {
            using var http = new HttpClient { BaseAddress = address };
            var view = JsonElement.Parse(await http.GetStringAsync($"/api/v1/runs/{run}", TestContext.Current.CancellationToken));
            Assert.Equal("completed", view.GetProperty("state").GetString());
        }
    }

    [Fact]
    public async Task With_keep_the_server_stays_until_it_is_told_to_stop()
    {
        await using var demo = BatonProcess.Start(home.Path, ["demo", "--keep"]);
        await demo.LineAsync(line => line.StartsWith("The server stays up", StringComparison.Ordinal));
        var page = new Uri(demo.Output.Split('\n').Single(line => line.StartsWith("Run ", StringComparison.Ordinal))[4..].Trim());
        using var http = new HttpClient();
        Assert.Contains("Baton run", await http.GetStringAsync(page, TestContext.Current.CancellationToken), StringComparison.Ordinal);
        demo.Interrupt();
        Assert.Equal(0, await demo.ExitAsync());
    }

    [Fact]
    public async Task A_missing_folder_for_temporary_files_is_named()
    {
        foreach (var command in (string[])["demo", "doctor"])
        {
            var (_, output, error) = await BatonProcess.RunAsync(home.Path, [command], ("TMPDIR", home["missing"]));
            Assert.Contains($"No folder can be made in {home["missing"]}", output + error, StringComparison.Ordinal);
            Assert.Contains("Set TMPDIR", output + error, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_taken_port_is_said_in_one_line_and_nothing_is_left()
    {
        await using var server = await TestServer.StartAsync();
        var temporary = Directory.CreateDirectory(home["tmp"]);
        var (code, _, error) = await BatonProcess.RunAsync(home.Path, ["demo", "--port", $"{server.Address.Port}"], ("TMPDIR", temporary.FullName));
        Assert.Empty(temporary.GetDirectories("baton-demo-*"));
        Assert.Equal(4, code);
        Assert.Equal($"baton: Port {server.Address.Port} is in use. Stop what listens there, or choose another with --port.", error.Trim());
    }
}
