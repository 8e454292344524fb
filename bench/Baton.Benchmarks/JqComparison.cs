using System.ComponentModel;
using System.Diagnostics;
using Baton.Jq;

namespace Baton.Benchmarks;

/// <summary>Runs the same programs on the same file with Baton.Jq and with the jq command, reading and writing included for both.</summary>
internal static class JqComparison
{
    private const int Runs = 15, WarmUps = 40;

    private static readonly string[] Programs =
    [
        ".",
        "map(select(.active and .n > 500))",
        """map("\(.id): \(.name)") | join("\n")""",
        "group_by(.address.city) | map({city: .[0].address.city, total: (map(.n) | add)})",
        "reduce .[] as $r ({}; .[$r.address.city] += 1)",
        "[.. | numbers] | add",
        "map(.name | ascii_upcase | test(\"^A.*7$\")) | map(select(.)) | length",
    ];

    public static async Task<int> RunAsync()
    {
        var file = Path.Combine(Path.GetTempPath(), "baton-jq-records.json");
        await File.WriteAllBytesAsync(file, Records.Make());
        Console.WriteLine($"{Records.Count:N0} objects, {new FileInfo(file).Length / 1024.0 / 1024:0.00} MB; best of {Runs} runs, reading and writing included");
        Console.WriteLine("| program | Baton.Jq | allocated | jq command | of that start-up | factor | factor without start-up |");
        Console.WriteLine("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
        // A server is warm; the command never is.
        for (var i = 0; i < WarmUps; i++)
        {
            foreach (var program in Programs) Ours(program, file);
            await Task.Yield();
        }
        var startup = await BestAsync(() => CommandAsync("null", ["-n"]));
        foreach (var program in Programs)
        {
            long allocated = 0;
            var ours = await BestAsync(() =>
            {
                allocated = Ours(program, file);
                return Task.CompletedTask;
            });
            TimeSpan theirs;
            try
            {
                theirs = await BestAsync(() => CommandAsync(program, ["-c", file]));
            }
            catch (Win32Exception)
            {
                Console.WriteLine($"| `{program}` | {ours.TotalMilliseconds:0.0} ms | {allocated / 1024.0 / 1024:0.0} MB | there is no jq on the PATH | | | |");
                continue;
            }
            Console.WriteLine(
                $"| `{program}` | {ours.TotalMilliseconds:0.0} ms | {allocated / 1024.0 / 1024:0.0} MB | {theirs.TotalMilliseconds:0} ms | {startup.TotalMilliseconds:0} ms "
                + $"| {theirs / ours:0.0} | {(theirs - startup) / ours:0.0} |");
        }
        return 0;
    }

    private static long Ours(string program, string file)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var compiled = JqProgram.Compile(program);
        foreach (var output in compiled.Run(JqValue.Parse(File.ReadAllBytes(file)), [], new JqLimits(Steps: long.MaxValue)))
        {
            Stream.Null.Write(output.ToUtf8Bytes());
        }
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static async Task CommandAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("jq", [.. arguments.Where(argument => argument[0] == '-'), program, .. arguments.Where(argument => argument[0] != '-')])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        await process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"jq failed on {program}");
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
