using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Baton.Server.Commands;

/// <summary>
/// Turns options such as <c>--repo PATH --limit 5 --dry-run</c> into a workflow's input, by the JSON Schema of that input: names without
/// regard to case and hyphens, values by their types, and texts of format "path" relative to where the command was given.
/// </summary>
internal static class InputArguments
{
    /// <param name="given">What <c>--input</c> gave: options outrank it.</param>
    /// <param name="tokens">What the command line did not know.</param>
    /// <param name="schema">Null when the workflow has none: then every option is a text.</param>
    public static JsonElement Build(JsonElement? given, IReadOnlyList<string> tokens, JsonElement? schema)
    {
        if (tokens.Count == 0) return given ?? JsonElement.Parse("{}");
        var input = given is null ? [] : JsonNode.Parse(given.Value.GetRawText()) as JsonObject ?? throw new UsageException("--input is not an object: options cannot be added to it.");
        var properties = Properties(schema);
        for (var i = 0; i < tokens.Count; i++)
        {
            var token = tokens[i];
            if (!token.StartsWith("--", StringComparison.Ordinal) || token.Length < 3) throw new UsageException($"'{token}' is not understood. The input is given as --name value.");
            var (name, value) = token[2..].Split('=', 2) is [var left, var right] ? (left, right) : (token[2..], null);
            var (property, definition) = Find(name, properties, schema is not null);
            var type = TypeOf(definition);
            if (value is null && (type != "boolean" || (i + 1 < tokens.Count && tokens[i + 1] is "true" or "false")))
            {
                if (i + 1 >= tokens.Count) throw new UsageException($"--{name} needs a value.");
                value = tokens[++i];
            }
            input[property] = Convert(name, value ?? "true", type, definition);
        }
        return JsonSerializer.SerializeToElement(input, JsonSerializerOptions.Default);
    }

    private static Dictionary<string, JsonElement> Properties(JsonElement? schema) =>
        schema is { ValueKind: JsonValueKind.Object } one && one.TryGetProperty("properties", out var properties)
            ? properties.EnumerateObject().ToDictionary(property => property.Name, property => property.Value, StringComparer.Ordinal) : new(StringComparer.Ordinal);

    private static (string Name, JsonElement? Definition) Find(string name, Dictionary<string, JsonElement> properties, bool isClosed)
    {
        foreach (var (property, definition) in properties)
        {
            if (Plain(property) == Plain(name)) return (property, definition);
        }
        if (isClosed && properties.Count > 0) throw new UsageException($"The workflow's input has no '{name}'. It has: {string.Join(", ", properties.Keys.Select(property => $"--{property.Replace('_', '-')}"))}.");
        return (name.Replace('-', '_'), null);
    }

    private static string Plain(string name) => name.Replace("-", "", StringComparison.Ordinal).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string TypeOf(JsonElement? definition) =>
        definition is { ValueKind: JsonValueKind.Object } one && one.TryGetProperty("type", out var type)
            ? type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(t => t.GetString()!).First(t => t != "null") : type.GetString()! : "string";

    private static JsonNode? Convert(string name, string text, string type, JsonElement? definition)
    {
        try
        {
            return type switch
            {
                "integer" => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
                "number" => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
                "boolean" => JsonValue.Create(bool.Parse(text)),
                "array" when !text.StartsWith('[') => new JsonArray([.. text.Split(',').Select(item => JsonValue.Create(item))]),
                "object" or "array" => JsonNode.Parse(text),
                _ when IsPath(definition) => JsonValue.Create(text.Length > 0 ? Path.GetFullPath(text) : throw new UsageException($"--{name} is a path, not ''.")),
                _ => JsonValue.Create(text),
            };
        }
        catch (Exception e) when (e is FormatException or OverflowException or JsonException)
        {
            throw new UsageException($"--{name} is a value of type {type}, not '{text}'.");
        }
    }

    private static bool IsPath(JsonElement? definition) => definition is { ValueKind: JsonValueKind.Object } one && one.TryGetProperty("format", out var format) && format.ValueEquals("path");
}
