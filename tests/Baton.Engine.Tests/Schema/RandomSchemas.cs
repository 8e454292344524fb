using Baton.Jq;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Engine.Tests.Schema;

/// <summary>Random schemas and values over few names and small numbers, so that they often have something to do with each other.</summary>
internal static class RandomSchemas
{
    private static readonly Gen<string> Names = Gen.Elements("a", "b", "c", "ab", "");

    private static readonly Gen<JqValue> Scalars = Gen.OneOf(
        Gen.Elements(JqValue.Null, JqValue.True, JqValue.False),
        Gen.Choose(-2, 4).Select(number => (JqValue)number),
        Gen.Elements("0.5", "1e400", "9007199254740993", "-0.0").Select(text => JqValue.Parse(text)),
        Gen.Elements("", "a", "b", "ab", "😀", "1", "x y").Select(text => (JqValue)text));

    /// <summary>Any value.</summary>
    public static Gen<JqValue> Value { get; } = Gen.Sized(size => ValueOf(Math.Min(size, 12)));

    /// <summary>A schema without mistakes, and with definitions that it may refer to.</summary>
    public static Gen<JqValue> Schema { get; } = Gen.Sized(size =>
        from root in SchemaOf(Math.Min(size, 20))
        from x in SchemaOf(Math.Min(size, 8))
        from y in SchemaOf(Math.Min(size, 8))
        select root.IsObject ? root.With("$defs", JqValue.Object(("x", x), ("y", y))) : JqValue.Object(("allOf", JqValue.Array(root)), ("$defs", JqValue.Object(("x", x), ("y", y)))));

    /// <summary>A value that has keywords for names, mostly with values that they may not have.</summary>
    public static Gen<JqValue> AlmostSchema { get; } = Gen.Sized(size => AlmostSchemaOf(Math.Min(size, 16)));

    /// <summary>A schema and a value that fits it by construction.</summary>
    public static Gen<(JqValue Schema, JqValue Value)> Fitting { get; } = Gen.Sized(size => FittingOf(Math.Min(size, 16)));

    /// <summary>A text of pieces that patterns are made of.</summary>
    public static Gen<string> PatternText { get; } =
        Gen.Elements("a", "b", "😀", "é", ".", "^", "$", "|", "(", ")", "(?:", "(?=", "(?!", "(?<=", "(?<n>", "[", "[^", "]", "-", "*", "+", "?", "*?", "{2}", "{1,3}", "{", "}", ",",
                "\\d", "\\D", "\\w", "\\s", "\\S", "\\b", "\\B", "\\1", "\\k<n>", "\\p{L}", "\\P{Lu}", "\\u{1F600}", "\\x41", "\\cA", "\\0", "\\.", "\\-", "\\", "#", " ")
            .ListOf().Select(string.Concat);

    private static Gen<JqValue> ValueOf(int size) => size <= 1
        ? Scalars
        : Gen.Frequency(
            (2, Scalars),
            (2, ValueOf(size / 2).ListOf(Math.Min(size, 3)).Select(items => JqValue.Array([.. items]))),
            (3, Members(ValueOf(size / 2), Math.Min(size, 4))));

    private static Gen<JqValue> Members(Gen<JqValue> values, int most) =>
        from count in Gen.Choose(0, most)
        from members in Gen.Zip(Names, values).ListOf(count)
        select JqValue.Object([.. members]);

    private static Gen<JqValue> SchemaOf(int size) => size <= 1
        ? Gen.Frequency((2, Gen.Elements(JqValue.True, JqValue.False, JqValue.EmptyObject)), (5, Keyword(1).Select(keyword => JqValue.Object(keyword))))
        : from count in Gen.Choose(1, 4)
          from keywords in Keyword(size / 2).ListOf(count)
          select JqValue.Object([.. keywords]);

    private static Gen<(string, JqValue)> Keyword(int size)
    {
        var names = Names.ListOf(2).Select(list => JqValue.Array([.. list.Distinct(StringComparer.Ordinal).Select(name => (JqValue)name)]));
        var simple = Gen.OneOf(
            Gen.Elements("null", "boolean", "number", "integer", "string", "array", "object").Select(type => ("type", (JqValue)type)),
            Gen.Elements("array", "object", "string").Two().Where(pair => pair.Item1 != pair.Item2).Select(pair => ("type", JqValue.Array(pair.Item1, pair.Item2))),
            ValueOf(2).Select(value => ("const", value)),
            ValueOf(2).ListOf(3).Select(values => ("enum", JqValue.Array([.. values]))),
            Bound("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"),
            Gen.Elements("0.5", "2", "1e-5").Select(divisor => ("multipleOf", JqValue.Parse(divisor))),
            Bound("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties").Where(bound => bound.Item2 >= 0),
            Gen.Elements("^a", "b$", "^.$", "\\d", "^(a|b)*$").Select(pattern => ("pattern", (JqValue)pattern)),
            Gen.Elements(true, false).Select(unique => ("uniqueItems", (JqValue)unique)),
            names.Select(list => ("required", list)),
            Members(names, 2).Select(map => ("dependentRequired", map)),
            Bound("minContains", "maxContains").Where(bound => bound.Item2 >= 0));
        if (size <= 1) return simple;
        var schema = SchemaOf(size);
        var schemas = from count in Gen.Choose(1, 3) from list in schema.ListOf(count) select JqValue.Array([.. list]);
        return Gen.Frequency(
            (4, simple),
            (3, Members(schema, 3).Select(map => ("properties", map))),
            (1, from pattern in Gen.Elements("^a", "b", "^$") from value in schema select ("patternProperties", JqValue.Object((pattern, value)))),
            (3, from name in Gen.Elements("additionalProperties", "propertyNames", "items", "contains", "not", "if", "then", "else") from value in schema select (name, value)),
            (3, from name in Gen.Elements("unevaluatedProperties", "unevaluatedItems") from value in Gen.Frequency((2, Gen.Constant(JqValue.False)), (1, schema)) select (name, value)),
            (4, from name in Gen.Elements("allOf", "anyOf", "oneOf", "prefixItems") from value in schemas select (name, value)),
            (1, Members(schema, 2).Select(map => ("dependentSchemas", map))),
            (1, Gen.Elements("#/$defs/x", "#/$defs/y").Select(target => ("$ref", (JqValue)target))));
    }

    private static Gen<(string, JqValue)> Bound(params string[] names) =>
        from name in Gen.Elements(names) from bound in Gen.Choose(-1, 3) select (name, (JqValue)bound);

    private static Gen<JqValue> AlmostSchemaOf(int size) => size <= 1
        ? Gen.Frequency((3, Scalars), (1, Gen.Elements(JqValue.EmptyArray, JqValue.EmptyObject)))
        : Gen.Frequency(
            (1, Scalars),
            (1, AlmostSchemaOf(size / 2).ListOf(2).Select(items => JqValue.Array([.. items]))),
            (4, from count in Gen.Choose(0, 3)
                from members in Gen.Zip(Gen.Elements(AlmostKeywords), Gen.OneOf(AlmostSchemaOf(size / 2), Gen.Elements<JqValue>("string", 1, JqValue.True, JqValue.Array("a", "a"), JqValue.Array(JqValue.True))))
                    .ListOf(count)
                select JqValue.Object([.. members])));

    // Without those whose right form depends on more than the metaschema says: references, identifiers and patterns.
    private static readonly string[] AlmostKeywords =
    [
        "type", "const", "enum", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "maxItems", "minItems",
        "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required", "dependentRequired", "prefixItems", "items", "contains",
        "additionalProperties", "properties", "dependentSchemas", "propertyNames", "if", "then", "else", "allOf", "anyOf", "oneOf", "not",
        "unevaluatedItems", "unevaluatedProperties", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples", "format",
        "contentEncoding", "contentMediaType", "contentSchema", "$comment", "$defs", "unknown",
    ];

    private static Gen<(JqValue, JqValue)> FittingOf(int size) => size <= 1
        ? from value in Scalars from schema in FittingScalar(value) select (schema, value)
        : Gen.Frequency(
            (2, FittingOf(1)),
            (3, FittingOf(size / 2).ListOf(3).Select(FittingArray)),
            (3, from flags in Gen.Choose(0, 7) from parts in FittingOf(size / 2).ListOf(3) select FittingObject(parts, flags)),
            (4, from inner in FittingOf(size - 2) from schema in Gen.Elements<Func<JqValue, JqValue>>(
                    schema => JqValue.Object(("allOf", JqValue.Array(schema, JqValue.True))),
                    schema => JqValue.Object(("anyOf", JqValue.Array(JqValue.False, schema))),
                    schema => JqValue.Object(("oneOf", JqValue.Array(JqValue.False, schema, JqValue.False))),
                    schema => JqValue.Object(("not", JqValue.Object(("not", schema)))),
                    schema => JqValue.Object(("if", schema), ("else", JqValue.False)),
                    schema => JqValue.Object(("if", JqValue.False), ("then", JqValue.False), ("else", schema))) select (schema(inner.Item1), inner.Item2)));

    private static Gen<JqValue> FittingScalar(JqValue value) => Gen.OneOf(
        Gen.Constant(JqValue.EmptyObject),
        Gen.Constant(JqValue.Object(("const", value))),
        Gen.Constant(JqValue.Object(("enum", JqValue.Array("zz", value)))),
        Gen.Constant(value.Kind switch
        {
            JqKind.Null => JqValue.Object(("type", "null")),
            JqKind.Number => JqValue.Object(("type", "number"), ("minimum", value), ("maximum", value), ("multipleOf", 0.5)),
            JqKind.String => JqValue.Object(("type", "string"), ("minLength", value.AsString().EnumerateRunes().Count()), ("maxLength", value.AsString().EnumerateRunes().Count())),
            _ => JqValue.Object(("type", JqValue.Array("boolean", "null"))),
        }));

    private static (JqValue, JqValue) FittingArray(IEnumerable<(JqValue Schema, JqValue Value)> parts)
    {
        var all = parts.ToList();
        return (JqValue.Object(
                ("prefixItems", JqValue.Array([.. all.Select(part => part.Schema)])),
                ("contains", all[^1].Schema), ("maxItems", all.Count), ("items", false), ("unevaluatedItems", false)),
            JqValue.Array([.. all.Select(part => part.Value)]));
    }

    private static (JqValue, JqValue) FittingObject(IEnumerable<(JqValue Schema, JqValue Value)> parts, int flags)
    {
        var all = parts.Select((part, i) => (Name: $"p{i}", part.Schema, part.Value)).ToList();
        var properties = JqValue.Object([.. all.Select(part => (part.Name, part.Schema))]);
        var value = JqValue.Object([.. all.Select(part => (part.Name, part.Value))]);
        var required = JqValue.Array([.. all.Where((_, i) => (flags >> i & 1) != 0).Select(part => (JqValue)part.Name)]);
        var schema = flags % 3 == 0
            ? JqValue.Object(("properties", properties), ("required", required), ("additionalProperties", false))
            : JqValue.Object(
                ("anyOf", JqValue.Array(JqValue.Object(("properties", properties)), JqValue.False)),
                ("dependentSchemas", JqValue.Object(("p0", JqValue.Object(("required", required))))),
                ("unevaluatedProperties", false));
        return (schema, value);
    }
}
