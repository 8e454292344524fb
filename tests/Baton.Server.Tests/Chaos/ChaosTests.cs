using System.Diagnostics;

namespace Baton.Server.Tests.Chaos;

/// <summary>Short forms of what <c>./baton chaos</c> does for minutes: the same program, the same checks.</summary>
public sealed class ChaosTests
{
    private const int Skipped = 77;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("nodes", 25)]
    [InlineData("single", 10)]
    [InlineData("full-disk", 12)]
    [InlineData("full-disk-postgres", 12)]
    [InlineData("torn-write", 8)]
    [InlineData("torn-write-postgres", 8)]
    public async Task Nothing_is_lost_and_nothing_repeated(string scenario, int seconds)
    {
        using var chaos = Start(folder: null, scenario, "--seed", "7", "--duration", $"{seconds}s", "--rate", "6");
        try
        {
            var output = await chaos.StandardOutput.ReadToEndAsync(Cancel);
            await chaos.WaitForExitAsync(Cancel);

            Assert.SkipWhen(chaos.ExitCode == Skipped, output);
            Assert.True(chaos.ExitCode == 0, output);
            Assert.Contains("nothing lost, nothing repeated", output, StringComparison.Ordinal);
        }
        finally
        {
            chaos.Kill();
        }
    }

    [Fact]
    public async Task Killed_in_the_middle_it_leaves_no_server_behind()
    {
        using var folder = new TemporaryFolder();
        using var chaos = Start(folder, "single", "--seed", "7", "--duration", "10m");
        while (await chaos.StandardOutput.ReadLineAsync(Cancel) is { } line && !line.Contains("n1 is up", StringComparison.Ordinal))
        {
        }
        var file = Directory.EnumerateFiles(folder.Path, "pid", SearchOption.AllDirectories).Single();
        using var node = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(file, Cancel)));
        chaos.Kill();
        await chaos.WaitForExitAsync(Cancel);

        await node.WaitForExitAsync(Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    /// <param name="folder">For what it writes; null for the machine's own, which PostgreSQL's user may read.</param>
    private static Process Start(TemporaryFolder? folder, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [Path.Combine(AppContext.BaseDirectory, "Baton.Chaos.dll"), .. arguments]) { RedirectStandardOutput = true, UseShellExecute = false };
        if (folder is not null) start.Environment["TMPDIR"] = folder.Path;
        return Process.Start(start)!;
    }
}
