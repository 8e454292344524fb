using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Baton.Load;

/// <summary>Requests at fixed times, whatever the answers take. Each is timed from when it was due: whoever falls behind cannot hide it.</summary>
internal static class OpenLoop
{
    /// <param name="ask">Sends a request, by its number, and reads its answer. Called on one thread, which it must not hold up.</param>
    /// <returns>From when a request was due to the end of its answer, one for each.</returns>
    public static async Task<TimeSpan[]> RunAsync(int perSecond, TimeSpan span, Func<int, Task> ask)
    {
        var latencies = new TimeSpan[(int)(span.TotalSeconds * perSecond)];
        var started = Stopwatch.GetTimestamp();
        // A thread of its own: the timers of .NET tick by the millisecond, which is as long as a start takes.
        var requests = await Task.Factory.StartNew(() => Enumerable.Range(0, latencies.Length).Select(i =>
        {
            var due = TimeSpan.FromSeconds((double)i / perSecond);
            if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } left) _ = Sleep((uint)left.TotalMicroseconds);
            return OneAsync(i, due);
        }).ToList(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(requests);
        return latencies;

        async Task OneAsync(int i, TimeSpan due)
        {
            await ask(i);
            latencies[i] = Stopwatch.GetElapsedTime(started) - due;
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(uint microseconds);
}
