using Baton.Chaos.Verdict;
using Baton.Chaos.World;

namespace Baton.Chaos;

/// <summary>Something to break.</summary>
/// <param name="Name">As it is asked for: <c>baton chaos NAME</c>.</param>
/// <param name="RunAsync">Plays it in a folder of its own. Null where the machine lacks what it needs, which it has said then.</param>
internal sealed record Scenario(string Name, string Summary, Func<ChaosOptions, string, Timeline, CancellationToken, Task<Outcome?>> RunAsync);
