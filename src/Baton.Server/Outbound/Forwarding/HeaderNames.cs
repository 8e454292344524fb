using System.Collections.Frozen;
using System.Text;

namespace Baton.Server.Outbound;

/// <summary>Names of headers as texts: one text for all times that a usual one is met.</summary>
internal static class HeaderNames
{
    private const int Longest = 40;

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Usual = new[]
    {
        "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Connection", "Content-Length", "Content-Type", "Date", "Host", "Idempotency-Key", "Keep-Alive", "Origin", "Retry-After", "Server",
        "Transfer-Encoding", "User-Agent", "Vary", "Via", "anthropic-beta", "anthropic-version", "openai-model", "openai-processing-ms", "openai-version", "x-api-key", "x-baton-cache", "x-request-id", "x-ratelimit-limit-requests",
        "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-stainless-arch", "x-stainless-async", "x-stainless-lang", "x-stainless-os",
        "x-stainless-package-version", "x-stainless-read-timeout", "x-stainless-retry-count", "x-stainless-runtime", "x-stainless-runtime-version", "sec-fetch-mode",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase).GetAlternateLookup<ReadOnlySpan<char>>();

    public static string Of(ReadOnlySpan<byte> name)
    {
        Span<char> text = stackalloc char[Longest];
        return name.Length <= Longest && Ascii.ToUtf16(name, text, out var length) == System.Buffers.OperationStatus.Done && Usual.TryGetValue(text[..length], out var usual) ? usual : Encoding.UTF8.GetString(name);
    }
}
