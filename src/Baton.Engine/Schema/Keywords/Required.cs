using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>required</c>: names that must be there.</summary>
internal sealed class Required(SchemaLocation location, ImmutableArray<string> names) : Keyword(location)
{
    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Names("required") is { } names) keywords.Add(new Required(schema.At("required"), names));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Object;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var members = value.AsObject();
        evaluation.Charge(names.Length >> 2);
        var holds = true;
        foreach (var name in names)
        {
            if (members.ContainsKey(name)) continue;
            holds = evaluation.Fail(this, value, name);
            if (evaluation.FailsFast) break;
        }
        return holds;
    }

    public override string Explain(in JqValue value, object? detail) => $"must have the property {Wording.Quote((string)detail!)}";
}
