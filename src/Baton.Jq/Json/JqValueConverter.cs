using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Jq;

/// <summary>Lets System.Text.Json read and write <see cref="JqValue"/> members. The serializer's depth limit applies.</summary>
public sealed class JqValueConverter : JsonConverter<JqValue>
{
    /// <inheritdoc/>
    public override bool HandleNull => true;

    /// <inheritdoc/>
    public override JqValue Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return JqValue.From(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, JqValue value, JsonSerializerOptions options) => value.WriteTo(writer);
}
