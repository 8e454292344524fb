using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;

namespace Baton.Server.Gateway;

/// <summary>An answer that may be given again.</summary>
/// <param name="Headers">Those that are true of it whenever it is given.</param>
/// <param name="Frames">Its body in the pieces in which it came.</param>
/// <param name="KeptAt">When: a timestamp of the clock.</param>
internal sealed record CachedAnswer(int Status, ImmutableArray<KeyValuePair<string, StringValues>> Headers, ImmutableArray<byte[]> Frames, long KeptAt)
{
    /// <summary>What an entry costs beside its bytes: the key, the lists, the headers, the heads of objects; rather too much than too little.</summary>
    private const int Overhead = 1024, FrameOverhead = 40;

    private static readonly string[] Kept = ["Content-Type", "Content-Encoding", "X-Accel-Buffering", "x-baton-route", "x-baton-estimate"];

    public long BodyBytes { get; } = Frames.Sum(frame => (long)frame.Length);

    /// <summary>What it takes in memory, about.</summary>
    public long Bytes => BodyBytes + Overhead + ((long)FrameOverhead * Frames.Length);

    /// <returns>Null where its start is no longer there.</returns>
    public static CachedAnswer? Of(AnswerRecording recording, long now) => recording.Frames is not { } frames ? null
        : new CachedAnswer(recording.Status, [.. Kept.Where(recording.Headers.ContainsKey).Select(name => KeyValuePair.Create(name, recording.Headers[name]))], frames, now);
}
