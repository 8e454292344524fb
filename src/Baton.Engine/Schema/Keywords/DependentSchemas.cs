using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>dependentSchemas</c>: schemas for the whole object that apply if a name is there.</summary>
internal sealed class DependentSchemas(SchemaLocation location, ImmutableArray<KeyValuePair<string, SchemaNode>> dependencies) : Keyword(location)
{
    public override IEnumerable<(SchemaLocation, SchemaNode)> InPlace => dependencies.Select(dependency => (dependency.Value.Location, dependency.Value));

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.SchemaMap("dependentSchemas") is { } dependencies) keywords.Add(new DependentSchemas(schema.At("dependentSchemas"), dependencies));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var members = value.AsObject();
        evaluation.Charge(dependencies.Length >> 2);
        var holds = true;
        foreach (var (name, schema) in dependencies)
        {
            if (!members.ContainsKey(name) || schema.Holds(value, evaluation, seen)) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }
}
