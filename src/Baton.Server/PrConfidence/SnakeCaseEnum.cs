using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>Enums travel as snake_case words; a number is refused, because its meaning would depend on the order of declaration.</summary>
internal sealed class SnakeCaseEnum<T>() : JsonStringEnumConverter<T>(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false)
    where T : struct, Enum;
