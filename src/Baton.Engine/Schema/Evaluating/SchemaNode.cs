using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>A compiled schema: for each kind of value the rules that concern it. Immutable once compiled; nodes may refer to each other in circles.</summary>
internal sealed class SchemaNode(SchemaLocation location)
{
    private const int Kinds = (int)JqKind.Object + 1;

    private readonly Keyword[][] keywords = new Keyword[Kinds][];
    private readonly SchemaResource resource = location.Resource!;
    private bool tracksItems;
    private bool tracksMembers;

    public SchemaLocation Location => location;

    /// <summary>All rules, in the order in which they are applied.</summary>
    public Keyword[] Keywords { get; private set; } = [];

    /// <summary>Fills in the rules, once.</summary>
    public void Complete(Keyword[] all)
    {
        Keywords = all;
        for (var kind = 0; kind < Kinds; kind++)
        {
            var concerned = Array.FindAll(all, keyword => keyword.Concerns((JqKind)kind));
            keywords[kind] = concerned.Length == all.Length ? all : concerned;
        }
        tracksItems = Array.Exists(all, keyword => keyword is UnevaluatedItems);
        tracksMembers = Array.Exists(all, keyword => keyword is UnevaluatedProperties);
    }

    /// <inheritdoc cref="Keyword.Holds"/>
    public bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        if (!evaluation.Enter()) return false;
        var entered = evaluation.Scope is { } scope && scope.Enter(resource);
        var kind = value.Kind;
        var holds = kind switch
        {
            JqKind.Array when tracksItems => HoldWithOwnSet(kind, value, value.AsArray().Count, evaluation, seen),
            JqKind.Object when tracksMembers => HoldWithOwnSet(kind, value, value.AsObject().Count, evaluation, seen),
            _ => Hold(kind, value, evaluation, seen),
        };
        if (entered) evaluation.Scope!.Leave();
        evaluation.Leave();
        return holds;
    }

    private bool Hold(JqKind kind, in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        var holds = true;
        foreach (var keyword in keywords[(int)kind])
        {
            if (keyword.Holds(value, evaluation, seen)) continue;
            holds = false;
            if (evaluation.FailsFast) break;
        }
        return holds;
    }

    // unevaluated* sees what its own schema looked at, not what schemas beside that one did.
    private bool HoldWithOwnSet(JqKind kind, in JqValue value, int count, Evaluation evaluation, EvaluatedSet? seen)
    {
        var own = evaluation.RentSet(count);
        var holds = Hold(kind, value, evaluation, own);
        // A failure is told by itself: that what it looked at now counts as unevaluated elsewhere need not be told as well.
        if (holds || evaluation.Errors is not null) seen?.AddAll(own);
        evaluation.ReturnSet(own);
        return holds;
    }
}
