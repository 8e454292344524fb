using System.ComponentModel.DataAnnotations;

namespace Baton.Server.Gateway;

/// <summary>Streams that clients may take up again after their connection broke: kept in memory by the node that they came through.</summary>
internal sealed class ResumeOptions
{
    public const string Section = "Gateway:Resume";

    /// <summary>How long a stream goes on without its client, and is kept after its end. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan Grace { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Most streams that are kept at once. Beyond it streams come without ids, and cannot be taken up. Default 256.</summary>
    [Range(0, 100_000)]
    public int MaxStreams { get; set; } = 256;

    /// <summary>Most of them that one key of a tenant may have. Default 64.</summary>
    [Range(0, 100_000)]
    public int MaxStreamsPerKey { get; set; } = 64;

    /// <summary>What is kept of one stream, in bytes: how far a client can go back, and how far the target can go on without it. Default 256 KiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxStreamBytes { get; set; } = 256 << 10;
}
