using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>properties</c>, <c>patternProperties</c> and <c>additionalProperties</c>: which schemas apply to a member depends on all three.</summary>
internal sealed class ObjectMembers : Keyword
{
    private readonly Dictionary<string, SchemaNode> byName;
    private readonly ImmutableArray<(Pattern Pattern, SchemaNode Schema)> byPattern;
    private readonly SchemaNode? additional;

    private ObjectMembers(SchemaLocation location, Dictionary<string, SchemaNode> byName, ImmutableArray<(Pattern, SchemaNode)> byPattern, SchemaNode? additional)
        : base(location)
    {
        this.byName = byName;
        this.byPattern = byPattern;
        this.additional = additional;
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        var properties = schema.SchemaMap("properties");
        var patternProperties = schema.SchemaMap("patternProperties");
        var rest = schema.Schema("additionalProperties");
        var patterns = ImmutableArray.CreateBuilder<(Pattern, SchemaNode)>();
        foreach (var (text, node) in patternProperties ?? [])
        {
            if (schema.Compiler.PatternAt(node.Location, text) is { } pattern) patterns.Add((pattern, node));
        }
        if (properties is null && patternProperties is null && rest is null) return;
        // A plain dictionary: frozen ones are not made for keys of strangers.
        var names = new Dictionary<string, SchemaNode>(properties ?? [], StringComparer.Ordinal);
        var place = schema.At(rest is not null ? "additionalProperties" : properties is not null ? "properties" : "patternProperties");
        keywords.Add(new ObjectMembers(place, names, patterns.ToImmutable(), rest));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var members = value.AsObject();
        evaluation.Charge(members.Count >> 2);
        var holds = true;
        var index = 0;
        foreach (var (name, member) in members)
        {
            var isKnown = byName.TryGetValue(name, out var schema);
            if (isKnown) holds &= evaluation.HoldsAt(name, schema!, member);
            foreach (var (pattern, patternSchema) in byPattern)
            {
                if (!pattern.IsMatch(name, evaluation)) continue;
                isKnown = true;
                holds &= evaluation.HoldsAt(name, patternSchema, member);
            }
            if (!isKnown && additional is not null)
            {
                isKnown = true;
                holds &= HoldsAdditional(name, member, evaluation);
            }
            if (isKnown) seen?.Add(index);
            if (!holds && evaluation.FailsFast) break;
            index++;
        }
        return holds;
    }

    public override string Explain(in JqValue value, object? detail)
    {
        if (Nearest.Find((string)detail!, byName.Keys) is { } nearest) return $"is not allowed here; did you mean {Wording.Quote(nearest)}?";
        return byName.Count == 0
            ? "is not allowed here: leave it out"
            : $"is not allowed here; known properties are {Wording.List(byName.Keys.Select(Wording.Quote), byName.Count, "and")}";
    }

    // The plain "false" would only say that the member is not allowed, not what is.
    private bool HoldsAdditional(string name, in JqValue member, Evaluation evaluation) =>
        evaluation.Errors is not null && additional!.Location.Value.Kind == JqKind.False
            ? evaluation.FailAt(name, this, additional.Location, member)
            : evaluation.HoldsAt(name, additional!, member);
}
