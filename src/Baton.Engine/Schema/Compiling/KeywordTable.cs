using System.Collections.Frozen;

namespace Baton.Engine.Schema;

/// <summary>Where schemas stand in the value of a keyword.</summary>
internal enum Subschemas
{
    None,

    /// <summary>The value is a schema.</summary>
    Value,

    /// <summary>The value is an array of schemas.</summary>
    Items,

    /// <summary>The value is an object whose members are schemas.</summary>
    Members,
}

/// <summary>All keywords of draft 2020-12: their vocabulary, and where schemas stand in them.</summary>
internal static class KeywordTable
{
    private static readonly FrozenDictionary<string, (Vocabularies Vocabulary, Subschemas Subschemas)> Keywords = Build();

    public static IEnumerable<string> Names => Keywords.Keys;

    public static Vocabularies VocabularyOf(string keyword) => Keywords.TryGetValue(keyword, out var known) ? known.Vocabulary : Vocabularies.None;

    public static Subschemas SubschemasOf(string keyword) => Keywords.TryGetValue(keyword, out var known) ? known.Subschemas : Subschemas.None;

    private static FrozenDictionary<string, (Vocabularies, Subschemas)> Build()
    {
        var keywords = new Dictionary<string, (Vocabularies, Subschemas)>(StringComparer.Ordinal);
        void Add(Vocabularies vocabulary, Subschemas subschemas, params ReadOnlySpan<string> names)
        {
            foreach (var name in names) keywords.Add(name, (vocabulary, subschemas));
        }
        Add(Vocabularies.Core, Subschemas.None, "$id", "$schema", "$ref", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary", "$comment");
        Add(Vocabularies.Core, Subschemas.Members, "$defs", "definitions");   // the old name stays reserved
        Add(Vocabularies.Applicator, Subschemas.Value, "items", "contains", "additionalProperties", "propertyNames", "if", "then", "else", "not");
        Add(Vocabularies.Applicator, Subschemas.Items, "prefixItems", "allOf", "anyOf", "oneOf");
        Add(Vocabularies.Applicator, Subschemas.Members, "properties", "patternProperties", "dependentSchemas");
        Add(Vocabularies.Unevaluated, Subschemas.Value, "unevaluatedItems", "unevaluatedProperties");
        Add(Vocabularies.Validation, Subschemas.None, "type", "const", "enum",
            "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern",
            "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required", "dependentRequired");
        Add(Vocabularies.MetaData, Subschemas.None, "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples");
        Add(Vocabularies.Format, Subschemas.None, "format");
        Add(Vocabularies.Content, Subschemas.None, "contentEncoding", "contentMediaType");
        Add(Vocabularies.Content, Subschemas.Value, "contentSchema");
        return keywords.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
