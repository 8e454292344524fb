namespace Baton.Engine.Schema;

/// <summary>
/// Keywords of earlier drafts that 2020-12 would silently ignore. A schema that says it was written for such a draft would let
/// everything through where it meant to forbid: it is refused with the new name instead.
/// </summary>
internal static class OlderKeywords
{
    private static readonly (string Keyword, string Successor)[] Renamed =
    [
        ("dependencies", "write dependentRequired for lists of names and dependentSchemas for schemas"),
        ("additionalItems", "write prefixItems for the first items and items for the rest"),
        ("$recursiveRef", "write $dynamicRef, and $dynamicAnchor where it leads"),
    ];

    public static void Check(SchemaReader schema, List<Keyword> keywords)
    {
        if (!schema.Dialect.IsOlder) return;
        foreach (var (keyword, successor) in Renamed)
        {
            if (schema.Location.Child(keyword) is { } place) schema.Compiler.Problems.Add(place, $"has another name since draft 2020-12, which is the one that is spoken here: {successor}");
        }
    }
}
