using System.Net.Http.Headers;
using System.Text;

namespace Baton.Server.Outbound;

/// <summary>What a content type says about the bytes.</summary>
internal static class ContentTypes
{
    public const string Json = "application/json";
    public const string Form = "application/x-www-form-urlencoded";
    public const string Multipart = "multipart/form-data";

    /// <summary>One JSON text: application/json, text/json and every +json. Not the streams of several (ndjson, json-seq).</summary>
    public static bool IsJson(string? mediaType) =>
        mediaType is not null && (mediaType.Equals(Json, StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals("text/json", StringComparison.OrdinalIgnoreCase)
            || mediaType.EndsWith("+json", StringComparison.OrdinalIgnoreCase));

    public static bool IsText(string? mediaType) =>
        mediaType is not null && (mediaType.StartsWith("text/", StringComparison.OrdinalIgnoreCase)
            || mediaType.EndsWith("+xml", StringComparison.OrdinalIgnoreCase)
            || mediaType.EndsWith("+yaml", StringComparison.OrdinalIgnoreCase)
            || TextTypes.Contains(mediaType, StringComparer.OrdinalIgnoreCase));

    private static readonly string[] TextTypes =
    [
        "application/xml", "application/yaml", "application/x-yaml", "application/javascript", "application/ecmascript", "application/graphql",
        "application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq", "application/sql", "application/toml", Form,
    ];

    /// <summary>The encoding that a content type names; UTF-8 when it names none or one that nobody knows.</summary>
    public static Encoding EncodingOf(MediaTypeHeaderValue? type)
    {
        var name = type?.CharSet?.Trim('"');
        if (string.IsNullOrEmpty(name) || name.Equals("utf-8", StringComparison.OrdinalIgnoreCase)) return Encoding.UTF8;
        try
        {
            return CodePagesEncodingProvider.Instance.GetEncoding(name) ?? Encoding.GetEncoding(name);
        }
        catch (ArgumentException)
        {
            return Encoding.UTF8;
        }
    }

    /// <summary>Decodes text; a byte order mark outranks the content type.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes, MediaTypeHeaderValue? type)
    {
        foreach (var encoding in (ReadOnlySpan<Encoding>)[Encoding.UTF8, Encoding.UTF32, Encoding.Unicode, Encoding.BigEndianUnicode])
        {
            if (bytes.StartsWith(encoding.Preamble)) return encoding.GetString(bytes[encoding.Preamble.Length..]);
        }
        return EncodingOf(type).GetString(bytes);
    }
}
