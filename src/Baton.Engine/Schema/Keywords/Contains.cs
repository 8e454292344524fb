using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>contains</c> with <c>minContains</c> and <c>maxContains</c>: how many items must fit a schema.</summary>
internal sealed class Contains : Keyword
{
    private readonly SchemaNode wanted;
    private readonly long least;
    private readonly long most;
    private readonly SchemaLocation leastLocation;
    private readonly SchemaLocation mostLocation;

    private Contains(SchemaReader schema, SchemaNode wanted, long least, long most) : base(schema.At("contains"))
    {
        this.wanted = wanted;
        this.least = least;
        this.most = most;
        leastLocation = schema.Location.Child("minContains") ?? Location;
        mostLocation = schema.Location.Child("maxContains") ?? Location;
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        var from = schema.Count("minContains") ?? 1;
        var upTo = schema.Count("maxContains") ?? long.MaxValue;
        if (schema.Schema("contains") is { } wanted) keywords.Add(new Contains(schema, wanted, from, upTo));
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Array;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var items = value.AsArray().AsSpan();
        var found = 0L;
        for (var i = 0; i < items.Length; i++)
        {
            if (!evaluation.HoldsSilently(wanted, items[i], null)) continue;
            found++;
            seen?.Add(i);
            // All items must be looked at only if somebody asks which of them fit.
            if (seen is null && found >= least && most == long.MaxValue) return true;
        }
        if (found >= least && found <= most) return true;
        if (evaluation.Errors is null) return false;
        return evaluation.Fail(this, found < least ? leastLocation : mostLocation, value, found);
    }

    public override string Explain(in JqValue value, object? detail)
    {
        var found = (long)detail!;
        var (words, bound) = found < least ? ("least", least) : ("most", most);
        return $"must hold at {words} {Wording.Count(bound, "item")} that {(bound == 1 ? "fits" : "fit")} the schema of contains, but holds {found}";
    }
}
