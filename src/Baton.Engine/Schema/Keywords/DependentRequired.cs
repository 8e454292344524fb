using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>dependentRequired</c>: names that must be there if another one is.</summary>
internal sealed class DependentRequired(SchemaLocation location, ImmutableArray<(string Name, ImmutableArray<string> Needed)> dependencies) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Object("dependentRequired") is not { } map) return;
        var place = schema.At("dependentRequired");
        var dependencies = ImmutableArray.CreateBuilder<(string, ImmutableArray<string>)>(map.Count);
        foreach (var (name, _) in map)
        {
            if (schema.Compiler.Names(place.Child(name)!) is { } needed) dependencies.Add((name, needed));
        }
        keywords.Add(new DependentRequired(place, dependencies.ToImmutable()));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var members = value.AsObject();
        evaluation.Charge(dependencies.Length >> 2);
        var holds = true;
        foreach (var (name, needed) in dependencies)
        {
            if (!members.ContainsKey(name)) continue;
            evaluation.Charge(needed.Length >> 2);
            foreach (var missing in needed)
            {
                if (members.ContainsKey(missing)) continue;
                if (evaluation.Errors is null) return false;
                holds = evaluation.Fail(this, value, new Missing(missing, name));
                if (evaluation.FailsFast) return false;
            }
        }
        return holds;
    }

    public override string Explain(in JqValue value, object? detail)
    {
        var missing = (Missing)detail!;
        return $"must have the property {Wording.Quote(missing.Name)}, because it has {Wording.Quote(missing.Because)}";
    }

    private sealed record Missing(string Name, string Because);
}
