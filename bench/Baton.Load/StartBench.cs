using System.Diagnostics;
using System.Net;

namespace Baton.Load;

/// <summary>A server as a user starts it, as a process of its own on a new database: how long until it is ready, and what it holds when idle.</summary>
internal static class StartBench
{
    private const int Rounds = 5;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Settling = TimeSpan.FromSeconds(2);

    public static async Task<IReadOnlyList<Row>> RunAsync(string bench)
    {
        await Console.Error.WriteLineAsync($"{bench}: start...");
        List<double> ready = [], resident = [];
        for (var round = 0; round < Rounds; round++)
        {
            var (readyMs, rssMb) = await OnceAsync();
            ready.Add(readyMs);
            resident.Add(rssMb);
        }
        return
        [
            new(bench, "start", "baton serve", "ready_ms", Statistics.Median(ready), "ms"),
            new(bench, "start", "baton serve", "rss_mb", Statistics.Median(resident), "MB"),
        ];
    }

    private static async Task<(double ReadyMs, double RssMb)> OnceAsync()
    {
        var folder = Directory.CreateTempSubdirectory("baton-start");
        var started = Stopwatch.GetTimestamp();
        using var process = Process.Start(Command(folder))!;
        try
        {
            using var patience = new CancellationTokenSource(Patience, TimeProvider.System);
            var ready = await ReadyAsync(process, patience.Token);
            var readyMs = ready.TotalMilliseconds;
            await Task.Delay(Settling, TimeProvider.System, patience.Token);
            process.Refresh();
            return (readyMs, process.WorkingSet64 / 1e6);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            folder.Delete(recursive: true);
        }

        async Task<TimeSpan> ReadyAsync(Process server, CancellationToken cancel)
        {
            var line = await server.StandardOutput.ReadLineAsync(cancel) ?? throw new BenchException($"the server did not start: {await server.StandardError.ReadToEndAsync(cancel)}");
            var address = line.Split(' ').First(word => word.StartsWith("http", StringComparison.Ordinal));
            using var handler = new SocketsHttpHandler();
            using var http = new HttpClient(handler);
            while (true)
            {
                using var answer = await http.GetAsync(new Uri(new Uri(address), "/health/readiness"), cancel);
                if (answer.StatusCode == HttpStatusCode.OK) return Stopwatch.GetElapsedTime(started);
                await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, cancel);
            }
        }
    }

    private static ProcessStartInfo Command(DirectoryInfo folder) => new(Environment.ProcessPath!,
        [Path.Combine(AppContext.BaseDirectory, "baton.dll"), "serve", "--port", "0", "--db", Path.Combine(folder.FullName, "start.db")])
    {
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    };
}
