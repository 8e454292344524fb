using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Baton.Jq;

namespace Baton.Engine;

/// <summary>How payloads are read and written.</summary>
public static class Payloads
{
    /// <summary>Records of C# workflows: snake_case, enums by name, no unknown members lost in silence on the way out.</summary>
    public static JsonSerializerOptions Json { get; } = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,   // payloads are data, never part of a page
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    /// <summary>What this system wrote itself: as deep as jq can build.</summary>
    internal static JqParseOptions Trusted { get; } = new() { MaxDepth = 10_000 };
}
