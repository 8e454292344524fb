using System.Diagnostics;

namespace Baton.Chaos.World;

/// <summary>Says what happens, with the time since the beginning.</summary>
internal sealed class Timeline(TextWriter output)
{
    private long started = Stopwatch.GetTimestamp();
    private readonly Lock gate = new();

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(started);

    /// <summary>The beginning is now.</summary>
    public void Restart() => started = Stopwatch.GetTimestamp();

    public void Say(string what)
    {
        var at = Elapsed;
        lock (gate) output.WriteLine($"{(int)at.TotalMinutes,4}:{at.Seconds:00}.{at.Milliseconds / 100}  {what}");
    }
}
