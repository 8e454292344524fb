using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>The schema <c>false</c>: nothing fits.</summary>
internal sealed class FalseSchema(SchemaLocation location) : Keyword(location)
{
    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) => evaluation.Fail(this, value);

    public override string Explain(in JqValue value, object? detail) => "is not allowed here: leave it out";
}
