using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Baton.Load;

/// <summary>Debian's wrk: a closed loop that costs little itself.</summary>
internal static class Wrk
{
    // Lua: the request is made once; at the end one line of JSON tells what wrk's own report rounds.
    private const string Script = """
        local body = io.open(os.getenv("BENCH_BODY")):read("*a")
        wrk.method, wrk.body, wrk.headers["Content-Type"] = "POST", body, "application/json"
        if os.getenv("BENCH_KEY") then wrk.headers["Authorization"] = "Bearer " .. os.getenv("BENCH_KEY") end
        function done(summary, latency)
          local e = summary.errors
          io.write(string.format('\n{"requests":%d,"us":%d,"p50":%d,"p99":%d,"errors":%d}\n', summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
        end
        """;

    public static async Task<(double Requests, double Seconds, double P50Us, double P99Us)> RunAsync(GatewaySubject subject, byte[] body, int connections, TimeSpan span)
    {
        var folder = Directory.CreateTempSubdirectory("baton-wrk-");
        try
        {
            var (script, file) = (Path.Combine(folder.FullName, "post.lua"), Path.Combine(folder.FullName, "body.json"));
            await File.WriteAllTextAsync(script, Script);
            await File.WriteAllBytesAsync(file, body);
            var start = new ProcessStartInfo("wrk", ["-t1", $"-c{connections}", $"-d{(int)span.TotalSeconds}s", "--timeout", "10s", "-s", script, new Uri(subject.Address, "/v1/chat/completions").ToString()]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["BENCH_BODY"] = file;
            if (subject.Key is { } key) start.Environment["BENCH_KEY"] = key;
            using var wrk = Process.Start(start)!;
            var error = wrk.StandardError.ReadToEndAsync();
            var output = await wrk.StandardOutput.ReadToEndAsync();
            await wrk.WaitForExitAsync();
            if (output.Split('\n').LastOrDefault(line => line.StartsWith('{')) is not { } line) throw new BenchException($"wrk ended with {wrk.ExitCode.ToString(CultureInfo.InvariantCulture)}: {output}{await error}");
            var said = JsonElement.Parse(line);
            if (said.GetProperty("errors").GetInt64() is > 0 and var errors) throw new BenchException($"{subject.Name}: {errors} requests failed.");
            return (said.GetProperty("requests").GetDouble(), said.GetProperty("us").GetDouble() / 1e6, said.GetProperty("p50").GetDouble(), said.GetProperty("p99").GetDouble());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
