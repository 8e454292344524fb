using System.Text.Json;

namespace Baton.Server.Workflows;

/// <summary>A CloudEvents 1.0 event in its JSON format, and the attributes that it is routed by.</summary>
internal sealed record CloudEvent(string Id, string Type, string Source, ReadOnlyMemory<byte> Json)
{
    /// <summary>Reads an event that was checked when it came in.</summary>
    public static CloudEvent Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 10_000 });   // as deep as a workflow may build it
        return new CloudEvent(Attribute(document.RootElement, "id"), Attribute(document.RootElement, "type"), Attribute(document.RootElement, "source"), json);
    }

    private static string Attribute(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
