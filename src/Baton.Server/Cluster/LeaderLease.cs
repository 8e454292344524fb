namespace Baton.Server.Cluster;

/// <summary>
/// Whether this node does what one node at a time does: timers, schedules, cleaning up. Given for a while and renewed with each heartbeat.
/// What is done under it must bear that two nodes do it for a moment: it saves work, it guards nothing.
/// </summary>
internal sealed class LeaderLease(TimeProvider time)
{
    private long heldUntil;   // in the clock's ticks

    /// <summary>Raised when this node becomes the one.</summary>
    public event Action? Acquired;

    public bool IsHeld => time.GetTimestamp() < Volatile.Read(ref heldUntil);

    /// <summary>Nobody else can be the one.</summary>
    public void HoldForGood() => Hold(long.MaxValue);

    /// <param name="since">When the renewal was sent: the database counts from a later moment.</param>
    public void Hold(long since, TimeSpan length) => Hold(since + (long)(length.TotalSeconds * time.TimestampFrequency));

    public void Release() => Volatile.Write(ref heldUntil, 0);

    private void Hold(long until)
    {
        var isNew = !IsHeld;
        Volatile.Write(ref heldUntil, until);
        if (isNew) Acquired?.Invoke();
    }
}
