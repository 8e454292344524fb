using System.ComponentModel;
using System.Diagnostics;
using Baton.Benchmarks;
using Baton.Jq;

namespace Baton.Load;

/// <summary>Runs the same programs on the same file with Baton.Jq and with the jq command, reading and writing included for both.</summary>
internal static class JqBench
{
    private const int Runs = 15, WarmUps = 40;
    private const string Bench = "jq", Ours = "baton", Theirs = "jq", Startup = "start only";

    private static readonly string[] Programs =
    [
        ".",
        "{a: {b: .}} | .a.b[0]",
        "map(select(.active and .n > 500))",
        """map("\(.id): \(.name)") | join("\n")""",
        "group_by(.address.city) | map({city: .[0].address.city, total: (map(.n) | add)})",
        "reduce .[] as $r ({}; .[$r.address.city] += 1)",
        "[.. | numbers] | add",
        "map(.name | ascii_upcase | test(\"^A.*7$\")) | map(select(.)) | length",
    ];

    public static async Task<BenchResult> RunAsync(BenchOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("baton-jq");
        try
        {
            var file = Path.Combine(folder.FullName, "records.json");
            await File.WriteAllBytesAsync(file, Records.Make());
            return new BenchResult(await MeasureAsync(file),
                $"{Records.Count:N0} objects, {new FileInfo(file).Length / 1e6:0.00} MB; best of {Runs} runs, reading, compiling and writing included, in the bytes of memory asked for too. Baton is warm, as in a server; the command starts anew each time ('{Startup}' says what that costs, and times_faster leaves it out).");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<Row>> MeasureAsync(string file)
    {
        var startup = await BestAsync(() => CommandAsync("null", ["-n"]));
        await Console.Error.WriteLineAsync("jq: warming up...");
        for (var i = 0; i < WarmUps; i++)
        {
            foreach (var program in Programs) RunOurs(program, file);
        }
        var rows = new List<Row> { new(Bench, Startup, Theirs, "best_ms", startup.TotalMilliseconds, "ms") };
        foreach (var program in Programs)
        {
            var ours = await BestAsync(() =>
            {
                RunOurs(program, file);
                return Task.CompletedTask;
            });
            var theirs = await BestAsync(() => CommandAsync(program, ["-c", file]));
            rows.Add(new(Bench, program, Ours, "best_ms", ours.TotalMilliseconds, "ms"));
            rows.Add(new(Bench, program, Theirs, "best_ms", theirs.TotalMilliseconds, "ms"));
            rows.Add(new(Bench, program, Ours, "bytes", Allocated(() => RunOurs(program, file)), "B"));
            rows.Add(new(Bench, program, Ours, "times_faster", (theirs - startup) / ours, "times"));
        }
        return rows;
    }

    private static void RunOurs(string program, string file)
    {
        var compiled = JqProgram.Compile(program);
        foreach (var output in compiled.Run(JqValue.Parse(File.ReadAllBytes(file)), [], new JqLimits(Steps: long.MaxValue))) Stream.Null.Write(output.ToUtf8Bytes());
    }

    private static async Task CommandAsync(string program, string[] arguments)
    {
        using var process = Start([.. arguments.Where(argument => argument[0] == '-'), program, .. arguments.Where(argument => argument[0] != '-')]);
        await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"jq failed on {program}");
    }

    private static Process Start(string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("jq", arguments) { RedirectStandardOutput = true, UseShellExecute = false })!;
        }
        catch (Win32Exception)
        {
            throw new BenchException("there is no jq command on the PATH to compare with. Install it (Debian: apt-get install jq), and ask again.");
        }
    }

    /// <summary>Bytes of memory that one run asks for.</summary>
    private static double Allocated(Action run)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task<TimeSpan> BestAsync(Func<Task> run)
    {
        // The best run is the one that other work on the machine disturbed least.
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < Runs; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await run();
            var took = Stopwatch.GetElapsedTime(started);
            if (took < best) best = took;
        }
        return best;
    }
}
