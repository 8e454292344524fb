using System.ComponentModel.DataAnnotations;

namespace Baton.Server.Gateway;

/// <summary>What a target costs, where it is not what the price table says: tokens in micro-dollars per million (1 dollar per million tokens is 1000000), the seconds of an own host in micro-dollars each.</summary>
internal sealed class PriceOptions
{
    /// <summary>Tokens of prompts. Default 0.</summary>
    [Range(0, 1_000_000_000_000)]
    public long Input { get; set; }

    /// <summary>Tokens of prompts that the provider had in its cache. Default: as <see cref="Input"/>.</summary>
    [Range(0, 1_000_000_000_000)]
    public long? CachedInput { get; set; }

    /// <summary>Tokens of prompts that the provider put into its cache. Default: as <see cref="Input"/>.</summary>
    [Range(0, 1_000_000_000_000)]
    public long? CacheWriteInput { get; set; }

    /// <summary>Tokens of answers. Default 0.</summary>
    [Range(0, 1_000_000_000_000)]
    public long Output { get; set; }

    /// <summary>A second of an own host; each call pays for its share of the time while the host is busy: of n calls under way, an n-th. Default 0.</summary>
    [Range(0, 1_000_000_000)]
    public long GpuSecond { get; set; }

    public ModelPrice ToPrice() => new(Input, CachedInput ?? Input, CacheWriteInput ?? Input, Output, GpuSecond);
}
