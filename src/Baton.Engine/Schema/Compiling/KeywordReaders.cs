using System.Collections.Frozen;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>All rules that a schema can hold, in the order in which they are applied: what is cheap first, what depends on the others last.</summary>
internal static class KeywordReaders
{
    private static readonly (Action<SchemaReader, List<Keyword>> Read, string[] Keywords)[] Readers =
    [
        (CoreKeywords.Check, ["$id", "$schema", "$anchor", "$dynamicAnchor", "$vocabulary", "$comment", "$defs", "definitions"]),
        (AnnotationKeywords.Check, ["title", "description", "deprecated", "readOnly", "writeOnly", "examples", "contentEncoding", "contentMediaType", "contentSchema"]),
        (OlderKeywords.Check, ["dependencies", "additionalItems", "$recursiveRef"]),
        (TypeKeyword.Read, ["type"]),
        (ConstKeyword.Read, ["const"]),
        (EnumKeyword.Read, ["enum"]),
        (NumberBound.Read, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"]),
        (MultipleOf.Read, ["multipleOf"]),
        (StringLength.Read, ["minLength", "maxLength"]),
        (PatternKeyword.Read, ["pattern"]),
        (FormatKeyword.Read, ["format"]),
        (CountBound.Read, ["minItems", "maxItems", "minProperties", "maxProperties"]),
        (UniqueItems.Read, ["uniqueItems"]),
        (Required.Read, ["required"]),
        (DependentRequired.Read, ["dependentRequired"]),
        (PropertyNames.Read, ["propertyNames"]),
        (ArrayItems.Read, ["prefixItems", "items"]),
        (Contains.Read, ["contains", "minContains", "maxContains"]),
        (ObjectMembers.Read, ["properties", "patternProperties", "additionalProperties"]),
        (Reference.Read, ["$ref"]),
        (DynamicReference.Read, ["$dynamicRef"]),
        (AllOf.Read, ["allOf"]),
        (AnyOf.Read, ["anyOf"]),
        (OneOf.Read, ["oneOf"]),
        (Not.Read, ["not"]),
        (Conditional.Read, ["if", "then", "else"]),
        (DependentSchemas.Read, ["dependentSchemas"]),
        (UnevaluatedItems.Read, ["unevaluatedItems"]),
        (UnevaluatedProperties.Read, ["unevaluatedProperties"]),
    ];

    private static readonly FrozenDictionary<string, int> Positions =
        Readers.SelectMany((reader, position) => reader.Keywords.Select(keyword => KeyValuePair.Create(keyword, position))).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Reads a schema; reports what is wrong with it.</summary>
    public static Keyword[] Read(SchemaReader schema, JqObject members)
    {
        var wanted = 0L;   // a bit for each reader
        foreach (var (name, _) in members)
        {
            if (Positions.TryGetValue(name, out var position)) wanted |= 1L << position;
        }
        var keywords = new List<Keyword>();
        for (var position = 0; position < Readers.Length; position++)
        {
            if ((wanted & (1L << position)) != 0) Readers[position].Read(schema, keywords);
        }
        return [.. keywords];
    }
}
