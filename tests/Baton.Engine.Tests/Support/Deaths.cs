using System.Text;

namespace Baton.Engine.Tests.Support;

/// <summary>Kills a workflow before and after each call that it makes to its journal, once and several times in a row, and compares.</summary>
internal static class Deaths
{
    /// <param name="sameOrder">False when several outcomes may become durable in either order: then only replay must agree.</param>
    public static async Task EverywhereAsync(Func<World, WorkflowBody> workflow, object input, bool sameOrder = true)
    {
        foreach (var asynchronous in new[] { false, true })
        {
            var calm = new World(asynchronous);
            var expected = await RunAsync(calm, workflow, input);
            for (var at = 1; at <= calm.Calls; at++)
            {
                foreach (var after in new[] { false, true })
                {
                    var output = await RunAsync(new World(asynchronous), workflow, input, (at, after));
                    if (sameOrder) Assert.Equal(expected, output);
                    output = await RunAsync(new World(asynchronous), workflow, input, (at, after), (at, !after), (1, true), (2, after), (at + 1, after));
                    if (sameOrder) Assert.Equal(expected, output);
                }
            }
        }
    }

    private static async Task<string> RunAsync(World world, Func<World, WorkflowBody> workflow, object input, params (int At, bool After)[] deaths)
    {
        var body = workflow(world);
        var settled = await world.RunAsync(body, input, deaths);
        Assert.True(settled.State == RunState.Completed, settled.Error?.ToString());
        Assert.Empty(world.Repeated);
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(world.Current, body)).ToArray());
        return Encoding.UTF8.GetString(settled.Output.Span);
    }
}
