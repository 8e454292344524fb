using System.Net.Http.Headers;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>What can be read of an answer that is an error.</summary>
internal static class ErrorReply
{
    /// <summary>What a number of seconds means that is too large to be read.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(int.MaxValue);

    /// <returns>Its body's beginning, at most <see cref="OutboundClient.ErrorBytes"/>; nothing where that breaks off.</returns>
    public static async Task<byte[]> ReadAsync(ForwardedAnswer answer, CancellationToken cancel)
    {
        var (said, length) = (new byte[OutboundClient.ErrorBytes], 0);
        try
        {
            for (int read; length < said.Length && (read = await answer.ReadAsync(said.AsMemory(length), cancel)) > 0;) length += read;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return [];   // the status says enough
        }
        return said[..length];
    }

    /// <summary>What it asks to wait (RFC 9110, section 10.2.3); null where it does not say.</summary>
    /// <param name="header">What a header of that name says.</param>
    public static TimeSpan? RetryAfter(string? header, TimeProvider time) =>
        RetryConditionHeaderValue.TryParse(header, out var retry) ? Wait(retry, time) : header is { Length: > 0 } && header.All(char.IsAsciiDigit) ? Longest : null;

    private static TimeSpan? Wait(RetryConditionHeaderValue? retry, TimeProvider time)
    {
        if (retry is null) return null;
        var wait = retry.Delta ?? retry.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }
}
