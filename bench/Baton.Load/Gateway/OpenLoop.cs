using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Baton.Load;

/// <summary>Requests at fixed times. Each is timed from when it was due: whoever falls behind cannot hide it.</summary>
internal static class OpenLoop
{
    /// <returns>Microseconds, one for each request.</returns>
    public static async Task<double[]> RunAsync(GatewaySubject subject, byte[] request, int perSecond, TimeSpan span)
    {
        var (count, idle) = ((int)(span.TotalSeconds * perSecond), new ConcurrentStack<HttpWire>());
        for (var i = 0; i < 16; i++) idle.Push(await HttpWire.ConnectAsync(subject.Address));
        var latencies = new double[count];
        var started = Stopwatch.GetTimestamp();
        // A thread of its own: the timers of .NET tick by the millisecond.
        var requests = await Task.Factory.StartNew(() => Enumerable.Range(0, count).Select(i =>
        {
            var due = TimeSpan.FromSeconds((double)i / perSecond);
            if (due - Stopwatch.GetElapsedTime(started) is { Ticks: > 0 } left) _ = Sleep((uint)left.TotalMicroseconds);
            return AskAsync(i, due);
        }).ToList(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAll(requests);
        while (idle.TryPop(out var wire)) wire.Dispose();
        return latencies;

        async Task AskAsync(int i, TimeSpan due)
        {
            if (!idle.TryPop(out var wire)) wire = await HttpWire.ConnectAsync(subject.Address);
            await wire.AskAsync(request);
            latencies[i] = (Stopwatch.GetElapsedTime(started) - due).TotalMicroseconds;
            idle.Push(wire);
        }
    }

    [DllImport("libc", EntryPoint = "usleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sleep(uint microseconds);
}
