using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>minimum</c>, <c>maximum</c> and their exclusive forms, by exact value: literals that no double can hold are compared digit by digit.</summary>
internal sealed class NumberBound : Keyword
{
    private readonly JqValue bound;
    private readonly bool isLower;
    private readonly bool isExclusive;

    private NumberBound(SchemaLocation location, JqValue bound, bool isLower, bool isExclusive) : base(location)
    {
        this.bound = bound;
        this.isLower = isLower;
        this.isExclusive = isExclusive;
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        Add("minimum", isLower: true, isExclusive: false);
        Add("exclusiveMinimum", isLower: true, isExclusive: true);
        Add("maximum", isLower: false, isExclusive: false);
        Add("exclusiveMaximum", isLower: false, isExclusive: true);

        void Add(string keyword, bool isLower, bool isExclusive)
        {
            if (schema.Number(keyword) is { } bound) keywords.Add(new NumberBound(schema.At(keyword), bound, isLower, isExclusive));
        }
    }

    public override bool Concerns(JqKind kind) => kind == JqKind.Number;

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var order = isLower ? value.CompareTo(bound) : bound.CompareTo(value);
        return order > 0 || (order == 0 && !isExclusive) || evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail)
    {
        var wanted = (isLower, isExclusive) switch
        {
            (true, false) => "at least",
            (true, true) => "more than",
            (false, false) => "at most",
            (false, true) => "less than",
        };
        return $"must be {wanted} {Wording.Excerpt(bound)}, but is {Wording.Excerpt(value)}";
    }
}
