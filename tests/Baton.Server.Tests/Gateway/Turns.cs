using Baton.Server.Gateway;

namespace Baton.Server.Tests.Gateway;

internal static class Turns
{
    extension(ModelRoute route)
    {
        /// <summary>The targets of a route and of those that stand in for it, in the order in which they are asked; each is begun, and ended with its turn.</summary>
        public IEnumerable<BegunTarget> InTurn(Surface surface, RoutingFacts? facts = null)
        {
            var turn = new TargetTurn(route, surface, facts);
            while (turn.Next() is { } next)
            {
                try
                {
                    yield return next;
                }
                finally
                {
                    next.Target.Health.End();
                }
            }
        }
    }
}
