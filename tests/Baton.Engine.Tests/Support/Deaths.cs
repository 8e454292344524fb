using System.Text;

namespace Baton.Engine.Tests.Support;

/// <summary>Kills a workflow before and after each call that it makes to its journal, once and several times in a row, and compares.</summary>
internal static class Deaths
{
    /// <param name="ends">How the run must end.</param>
    /// <param name="check">Looks at the world after each end.</param>
    /// <param name="sameOrder">False when several outcomes may become durable in either order: then only replay must agree.</param>
    public static async Task EverywhereAsync(Func<World, WorkflowBody> workflow, object input, bool sameOrder = true, RunState ends = RunState.Completed, bool compensatesOnCancel = false, Action<World>? check = null)
    {
        foreach (var asynchronous in new[] { false, true })
        {
            World World() => new(asynchronous) { CompensatesOnCancel = compensatesOnCancel };
            var calm = World();
            var expected = await RunAsync(calm, workflow, input, ends, check);
            for (var at = 1; at <= calm.Calls; at++)
            {
                foreach (var after in new[] { false, true })
                {
                    var output = await RunAsync(World(), workflow, input, ends, check, (at, after));
                    if (sameOrder) Assert.Equal(expected, output);
                    output = await RunAsync(World(), workflow, input, ends, check, (at, after), (at, !after), (1, true), (2, after), (at + 1, after));
                    if (sameOrder) Assert.Equal(expected, output);
                }
            }
        }
    }

    private static async Task<string> RunAsync(World world, Func<World, WorkflowBody> workflow, object input, RunState ends, Action<World>? check, params (int At, bool After)[] deaths)
    {
        var body = workflow(world);
        var settled = await world.RunAsync(body, input, deaths);
        Assert.True(settled.State == ends, settled.Error?.ToString());
        Assert.Empty(world.Repeated);
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(world.Current, body)).ToArray());
        check?.Invoke(world);
        return Encoding.UTF8.GetString(settled.Output.Span);
    }
}
