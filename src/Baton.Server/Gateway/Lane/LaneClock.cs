using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Baton.Server.Gateway;

/// <summary>How long the lane waits for its clients, which is as long as the server does, and the date of its answers. Thread-safe.</summary>
internal sealed class LaneClock(TimeProvider time, KestrelServerLimits limits)
{
    private volatile Stamp? stamp;

    /// <summary>The time as HTTP writes it, to the second.</summary>
    public ReadOnlySpan<byte> Date
    {
        get
        {
            var now = time.GetUtcNow();
            var second = now.ToUnixTimeSeconds();
            if (stamp is { } known && known.Second == second) return known.Text;
            stamp = new Stamp(second, Encoding.ASCII.GetBytes(now.ToString("r", CultureInfo.InvariantCulture)));
            return stamp.Text;
        }
    }

    public long Now => time.GetTimestamp();

    public bool IsIdleTooLong(long since) => time.GetElapsedTime(since) > limits.KeepAliveTimeout;

    /// <param name="received">Bytes of the request that have come.</param>
    public bool IsTooSlow(long since, long received) =>
        limits.MinRequestBodyDataRate is { } rate && time.GetElapsedTime(since) is var elapsed && elapsed > rate.GracePeriod && received < elapsed.TotalSeconds * rate.BytesPerSecond;

    public bool IsOver(long until) => time.GetTimestamp() > until;

    /// <summary>Until when a client has to take what it was sent, as a timestamp. All of an answer counts, as nobody knows how much of it still lies before the client: a pause of its reader must not end it.</summary>
    /// <param name="piece">Bytes that were written last.</param>
    /// <param name="all">Bytes of the answer so far, those included.</param>
    /// <param name="began">When the answer did, as a timestamp.</param>
    public long PatienceWith(int piece, long all, long began)
    {
        if (limits.MinResponseDataRate is not { } rate) return time.GetTimestamp() + Ticks(TimeSpan.FromHours(1));
        return Math.Max(time.GetTimestamp() + Ticks(rate.GracePeriod + TimeSpan.FromSeconds(piece / rate.BytesPerSecond)), began + Ticks(TimeSpan.FromSeconds(all / rate.BytesPerSecond)));
    }

    private long Ticks(TimeSpan wait) => (long)(wait.TotalSeconds * time.TimestampFrequency);

    private sealed record Stamp(long Second, byte[] Text);
}
