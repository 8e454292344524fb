using System.Globalization;
using Baton.Engine;

namespace Baton.Server.Cluster;

/// <summary>What nodes tell each other with a commit, a line each. Hints: whoever hears them looks at the database.</summary>
internal static class NodeNews
{
    /// <summary>A run can be claimed.</summary>
    public const string Queued = "queued";

    /// <summary>Too much was told at once, or some of it was missed: anything may have happened.</summary>
    public const string Anything = "*";

    /// <summary>The first line: who tells.</summary>
    public static string From(string node) => $"from {node}";

    public static string Called(RunId run) => $"called {run}";

    public static string Parked(DateTimeOffset wakeAt) => string.Create(CultureInfo.InvariantCulture, $"parked {wakeAt.ToUnixTimeMilliseconds()}");

    public static string Ended(TenantId tenant, RunId run, string space, string workflow) => $"ended {run} {space} {workflow} {tenant}";

    /// <summary>A newest version was registered: schedules may be others, and what is started by a name alone.</summary>
    public const string Registered = "registered";

    /// <summary>A route of a tenant was put or removed.</summary>
    public const string Rerouted = "rerouted";

    /// <summary>A key was made, changed or removed.</summary>
    public const string Keys = "keys";

    /// <summary>A budget was made, changed or removed.</summary>
    public const string Budgets = "budgets";

    /// <summary>Calls wait for money that other nodes may have at hand and not in use.</summary>
    public const string BudgetsWanted = "budgets-wanted";

    /// <summary>Hands a line on to this process.</summary>
    public static void Tell(string line, Wakeups wakeups)
    {
        switch (line.Split(' ', 5))
        {
            case [Queued]: wakeups.Queued(); break;
            case [Registered]: wakeups.Registered(); break;
            case [Rerouted]: wakeups.Rerouted(); break;
            case [Keys]: wakeups.KeysChanged(); break;
            case [Budgets]: wakeups.BudgetsChanged(); break;
            case [BudgetsWanted]: wakeups.BudgetsWanted(); break;
            case ["called", var run]: wakeups.CalledElsewhere(RunId.Parse(run, null)); break;
            case ["parked", var ms]: wakeups.Parked(DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ms, CultureInfo.InvariantCulture))); break;
            case ["ended", var run, var space, var workflow, var tenant]: wakeups.Ended(new TenantId(tenant), RunId.Parse(run, null), space, workflow); break;
            default: wakeups.Anything(); break;   // '*', or a newer node's news
        }
    }
}
