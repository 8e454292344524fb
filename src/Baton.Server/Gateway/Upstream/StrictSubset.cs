using System.Collections.Frozen;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>
/// The part of JSON Schema that upstreams can hold an answer to while they write it: objects name all of their members, all of them required and
/// no others allowed. They refuse a strict request for anything else, so it is sent without the demand and only checked here.
/// </summary>
/// <remarks>OpenAI, "Structured model outputs", section "Supported schemas". In doubt a schema is taken to lie outside.</remarks>
internal static class StrictSubset
{
    private const int MaxDepth = 10;

    private static readonly FrozenSet<string> Plain = FrozenSet.Create(
        StringComparer.Ordinal, "type", "enum", "const", "description", "title", "required", "additionalProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "pattern", "$ref");

    public static bool Holds(JqValue schema) => schema.IsObject && schema["type"] == "object" && Holds(schema, 0);

    private static bool Holds(JqValue schema, int depth)
    {
        if (depth > MaxDepth || !schema.TryGetObject(out var keywords)) return false;
        var (isObject, properties) = (false, schema["properties"]);
        foreach (var (name, value) in keywords)
        {
            var holds = name switch
            {
                "properties" or "$defs" => value.TryGetObject(out var members) && members.Values.All(member => Holds(member, depth + 1)),
                "anyOf" => depth > 0 && value.TryGetArray(out var choices) && choices.All(choice => Holds(choice, depth + 1)),
                "items" => Holds(value, depth + 1),
                _ => Plain.Contains(name),
            };
            if (!holds) return false;
            isObject |= name == "properties" || (name == "type" && (value == "object" || (value.TryGetArray(out var types) && types.Contains("object"))));
        }
        return !isObject || IsClosed(schema, properties);
    }

    private static bool IsClosed(JqValue schema, JqValue properties) =>
        schema["additionalProperties"] == false && properties.TryGetObject(out var members)
        && schema["required"].TryGetArray(out var required) && members.Keys.All(name => required.Contains((JqValue)name));
}
