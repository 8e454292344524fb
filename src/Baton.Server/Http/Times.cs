using System.Globalization;

namespace Baton.Server.Http;

/// <summary>Times of the wire (RFC 3339): anything looser reads differently on different machines.</summary>
internal static class Times
{
    public const string Rule = "a time such as 2026-01-31T12:00:00Z.";

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd",
    ];

    /// <summary>A time without an offset is UTC.</summary>
    public static bool TryParse(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
