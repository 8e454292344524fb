namespace Baton.Server.Gateway;

/// <summary>The targets of a model and of those that stand in for it, each once, best first.</summary>
/// <param name="isAgain">Whether they have all been asked before: those that want to be left alone are, then.</param>
internal sealed class TargetTurn(ModelRoute first, Surface surface, RoutingFacts? facts, bool isAgain = false)
{
    private readonly Standing worst = isAgain ? Standing.Cold : Standing.Trial;
    private int at;
    private ulong tried;

    /// <summary>The next, begun: to be ended by <see cref="TargetHealth.End"/>.</summary>
    /// <returns>Null when none is left that may be asked.</returns>
    public BegunTarget? Next() => Next(goesOn: false);

    /// <summary>As <see cref="Next()"/>, only of those that can be asked to go on with an answer that another has begun.</summary>
    public BegunTarget? NextToGoOn() => Next(goesOn: true);

    /// <summary>Another of the model whose target was returned last, to be asked beside it: only one that is well.</summary>
    public BegunTarget? Beside() => at < first.Chain.Length ? first.Chain[at].Begin(surface, ref tried, facts, Standing.Ready) : null;

    private BegunTarget? Next(bool goesOn)
    {
        for (; at < first.Chain.Length; (at, tried) = (at + 1, 0))
        {
            if (goesOn) tried |= ~first.Chain[at].CanGoOn;
            if (first.Chain[at].Begin(surface, ref tried, facts, worst) is { } begun) return begun;
        }
        return null;
    }
}
