using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>prefixItems</c> and <c>items</c>: schemas for the first items, and one for the rest.</summary>
internal sealed class ArrayItems(SchemaLocation location, ImmutableArray<SchemaNode> prefix, SchemaNode? rest) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        var prefix = schema.Schemas("prefixItems");
        var rest = schema.Schema("items");
        if (prefix is null && rest is null) return;
        keywords.Add(new ArrayItems(schema.At(rest is null ? "prefixItems" : "items"), prefix ?? [], rest));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Array;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var items = value.AsArray().AsSpan();
        var end = rest is null ? Math.Min(prefix.Length, items.Length) : items.Length;
        var holds = true;
        for (var i = 0; i < end; i++)
        {
            seen?.Add(i);
            if (evaluation.HoldsAt(i, i < prefix.Length ? prefix[i] : rest!, items[i])) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
