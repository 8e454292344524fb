using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>Tokens of one call by kind. Two of the numbers contain the others, whatever the dialect says: <c>Input</c> holds the cached ones, <c>Output</c> those of the reasoning.</summary>
/// <param name="Input">All tokens of the prompt.</param>
/// <param name="CachedInput">Of <paramref name="Input"/>: read from the provider's cache.</param>
/// <param name="CacheWriteInput">Of <paramref name="Input"/>: written to the provider's cache, where it charges for that. Never the same tokens as <paramref name="CachedInput"/>.</param>
/// <param name="Output">All tokens of the answer.</param>
/// <param name="Reasoning">Of <paramref name="Output"/>: thought, and not said.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TokenUsage(long Input, long CachedInput, long CacheWriteInput, long Output, long Reasoning)
{
    public long Total => Input + Output;

    /// <summary>As OpenAI and those that speak its dialect count: cached tokens within the prompt's, reasoning within the answer's.</summary>
    public static TokenUsage Within(long input, long cached, long output, long reasoning) => new(Floor(input), Math.Min(Floor(cached), Floor(input)), 0, Floor(output), Math.Min(Floor(reasoning), Floor(output)));

    /// <summary>As Anthropic counts: tokens read from and written to the cache beside <paramref name="input"/>.</summary>
    public static TokenUsage Beside(long input, long cached, long cacheWrite, long output) => new(Floor(input) + Floor(cached) + Floor(cacheWrite), Floor(cached), Floor(cacheWrite), Floor(output), 0);

    public static TokenUsage operator +(TokenUsage a, TokenUsage b) => new(a.Input + b.Input, a.CachedInput + b.CachedInput, a.CacheWriteInput + b.CacheWriteInput, a.Output + b.Output, a.Reasoning + b.Reasoning);

    /// <summary>No count is below none, whatever an upstream says; nor so large that a thousand million of them overflow.</summary>
    private static long Floor(long count) => Math.Clamp(count, 0, 1_000_000_000);
}
