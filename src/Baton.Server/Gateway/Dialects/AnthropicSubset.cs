using System.Collections.Frozen;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>The part of JSON Schema that Anthropic's models can be held to: the common strict subset without bounds on numbers, texts and lists.</summary>
/// <remarks>Anthropic, "Structured outputs", section "JSON Schema limitations". In doubt a schema is taken to lie outside.</remarks>
internal static class AnthropicSubset
{
    private static readonly FrozenSet<string> Bounds = FrozenSet.Create(StringComparer.Ordinal, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "pattern");

    public static bool Holds(JqValue schema) => StrictSubset.Holds(schema) && HasNoBounds(schema);

    /// <summary>A property that has the name of a bound is taken for one: the other way to tell a schema serves it as well.</summary>
    private static bool HasNoBounds(JqValue value) =>
        value.TryGetObject(out var members) ? members.All(member => !Bounds.Contains(member.Key) && HasNoBounds(member.Value))
        : !value.TryGetArray(out var elements) || elements.All(HasNoBounds);
}
