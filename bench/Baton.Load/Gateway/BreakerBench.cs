using System.Diagnostics;
using System.Net;
using System.Text;

namespace Baton.Load;

/// <summary>How soon a target that has gone is left alone, and how soon one that is back is asked again.</summary>
internal static class BreakerBench
{
    public const string Scenario = "breaker";

    private const int Rounds = 5;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2), Away = TimeSpan.FromSeconds(3), Patience = TimeSpan.FromMinutes(1);

    public static async Task<BenchResult> RunAsync()
    {
        NginxProcess.Require();
        await using var databases = new BenchDatabases();
        var upstream = await NginxProcess.UpstreamAsync();
        var figures = new Dictionary<string, List<double>> { ["opened_ms"] = [], ["recovered_ms"] = [] };
        try
        {
            await using var server = await ServerProcess.StartAsync(await databases.NewAsync(DatabaseKind.Sqlite), [.. GatewaySettings.Of(upstream.Address, isFull: false), ("BATON_GATEWAY__MODELS__m__RETRIES", "0")]);
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Address };
            await UntilAsync(http, HttpStatusCode.OK);
            for (var round = 0; round < Rounds; round++)
            {
                await Console.Error.WriteLineAsync($"gateway: {Scenario}, round {round + 1} of {Rounds}...");
                await upstream.DisposeAsync();
                figures["opened_ms"].Add(await UntilAsync(http, HttpStatusCode.ServiceUnavailable));
                await Task.Delay(Away, TimeProvider.System);
                upstream = await NginxProcess.UpstreamAsync(upstream.Address.Port);
                figures["recovered_ms"].Add(await UntilAsync(http, HttpStatusCode.OK));
            }
        }
        finally
        {
            await upstream.DisposeAsync();
        }
        return new BenchResult([.. figures.SelectMany(one => new[] { new Row("gateway", Scenario, "baton-bare", one.Key, Statistics.Median(one.Value), "ms"), new Row("gateway", Scenario, "baton-bare", $"{one.Key} at most", one.Value.Max(), "ms") })],
            $"A request every {Pause.TotalMilliseconds:0} ms. opened: from the death of the only host to the first answer without asking it. The host is away for {Away.TotalSeconds:0} s. recovered: from its first listening to the first answer of it. {Rounds} rounds, default settings, no retries.");
    }

    /// <returns>Milliseconds until the first answer with that status.</returns>
    private static async Task<double> UntilAsync(HttpClient http, HttpStatusCode wanted)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < Patience; await Task.Delay(Pause, TimeProvider.System))
        {
            using var content = new StringContent("""{"model":"m","messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
            using var response = await http.PostAsync("/v1/chat/completions", content);
            if (response.StatusCode == wanted) return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        throw new BenchException($"no answer with status {(int)wanted} within {Patience.TotalSeconds:0} s.");
    }
}
