using System.Diagnostics;
using System.Text.Json;
using Baton.Client;

namespace Baton.Server.Tests.Samples;

/// <summary>The sample as its reader uses it: an executable of its own, and a client.</summary>
public sealed class GreetingTests : IAsyncLifetime
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("baton-greeting");
    private Process? server;

    [Fact]
    public async Task The_sample_serves_its_workflow_and_a_run_of_it_gives_a_letter()
    {
        var cancel = TestContext.Current.CancellationToken;
        using var handler = new SocketsHttpHandler();
        using var http = new HttpClient(handler) { BaseAddress = await ServeAsync(cancel), Timeout = Timeout.InfiniteTimeSpan };
        var client = new BatonClient(http);

        var run = await client.Runs.StartAsync(new StartRun("samples/greeting", JsonElement.Parse("""{"name": "Ada", "pause_seconds": 0}""")), null, cancel);
        await foreach (var _ in client.Runs.EventsAsync(run.Id, TimeProvider.System, cancel)) { }
        var result = await client.Runs.ResultAsync(run.Id, cancel);

        Assert.Equal("completed", result.State);
        Assert.Equal("Dear Ada", result.Output!.Value.GetProperty("text").GetString());
        Assert.EndsWith($"{run.Id}/stamp", result.Output.Value.GetProperty("stamp").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_sample_is_short() =>
        Assert.InRange(File.ReadLines(Path.Combine(Baton.Conformance.ConformanceData.Root, "samples", "Greeting", "Program.cs")).Count(), 1, 59);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            if (!server.HasExited) server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync();
            server.Dispose();
        }
        folder.Delete(recursive: true);
    }

    private async Task<Uri> ServeAsync(CancellationToken cancel)
    {
        var here = new DirectoryInfo(AppContext.BaseDirectory);   // artifacts/bin/PROJECT/CONFIGURATION
        var sample = Path.Combine(here.Parent!.Parent!.FullName, "Greeting", here.Name, "Greeting.dll");
        server = Process.Start(new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [sample, "serve", "--port", "0", "--db", Path.Combine(folder.FullName, "greeting.db")]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var line = await server.StandardOutput.ReadLineAsync(cancel);
        Assert.NotNull(line);
        return new Uri(line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal)));
    }
}
