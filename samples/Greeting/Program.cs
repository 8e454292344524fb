// A workflow in C# with a step of its own, served by your own executable. Try it:
//   dotnet run --project samples/Greeting -- serve --db /tmp/greeting.db
//   ./baton run samples/greeting --name Ada        (in another terminal; kill -9 the server in the pause and start it again)
using Baton.Engine;
using Baton.Server;

return await BatonApp.RunAsync(args, CodeWorkflow.Of(new WorkflowRef("samples", "greeting", "1.0.0"), () => new Greeting(TimeProvider.System)));

internal sealed record Guest(string Name, int PauseSeconds = 5);

internal sealed record Letter(string Text, string Stamp, TimeSpan Took);

/// <summary>Stamps a letter, waits, and sends it. Every await below survives the death of the process.</summary>
internal sealed class Greeting(TimeProvider time) : IWorkflow<Guest, Letter>
{
    public async Task<Letter> RunAsync(RunContext run, Guest guest)
    {
        // A step happens at least once, and its result is recorded exactly once: after a crash the recorded stamp comes back.
        var stamp = await run.StepAsync("stamp", step => StampAsync(step.IdempotencyKey), new StepOptions { Retry = RetryPolicy.Transient });
        await run.SleepAsync("pause", TimeSpan.FromSeconds(guest.PauseSeconds));
        return new Letter($"Dear {guest.Name}", stamp, run.Now - run.StartedAt);
    }

    /// <summary>The step: an effect on the world, here only a look at the clock.</summary>
    private Task<string> StampAsync(string key) => Task.FromResult($"{time.GetUtcNow():O} {key}");
}
