using System.Text;
using Baton.Engine.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Baton.Engine.Tests;

/// <summary>Any program, under any schedule of deaths, gives the same result and records each outcome once.</summary>
public sealed class CrashProperties
{
    /// <summary>A program over a run: what it gives does not depend on which of its branches is faster.</summary>
    private abstract record Program
    {
        public sealed record Step(int Failures) : Program;

        public sealed record Sleep(int Minutes) : Program;

        public sealed record Sequence(Program[] Parts) : Program;

        public sealed record Parallel(Program[] Parts) : Program;

        public sealed record Map(int Count, int Width, Program? Body) : Program;

        public sealed record Deadline(Program Body) : Program;
    }

    [Fact]
    public void Any_schedule_of_deaths_gives_the_same_result_and_the_same_outcomes() =>
        Prop.ForAll(Programs().ToArbitrary(), Deaths().ToArbitrary(), (program, deaths) => HoldsAsync(program, deaths).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    private static async Task<bool> HoldsAsync(Program program, (int At, bool After)[] deaths)
    {
        var calm = new World();
        var expected = await calm.RunAsync(Body(calm, program));
        var world = new World(asynchronousJournal: true);
        var settled = await world.RunAsync(Body(world, program), null, deaths);
        Assert.Equal(Encoding.UTF8.GetString(expected.Output.Span), Encoding.UTF8.GetString(settled.Output.Span));
        Assert.Equal(Outcomes(calm), Outcomes(world));
        Assert.Empty(world.Repeated);
        Assert.Equal(settled.Output.ToArray(), (await world.ReplayAsync(world.Current, Body(world, program))).ToArray());
        return true;
    }

    /// <summary>Keys with an outcome, each once; without timers of deadlines, which are cancelled when they are not needed.</summary>
    private static List<string> Outcomes(World world) =>
        [.. world.Journal.Entries(world.Current).Where(entry => entry.IsOutcome && !entry.Key.EndsWith("deadline", StringComparison.Ordinal)).Select(entry => entry.Key).Order(StringComparer.Ordinal)];

    private static WorkflowBody Body(World world, Program program) => World.Body<object?, string>(async (run, _) => await RunAsync(world, run, program, "p"));

    private static async Task<string> RunAsync(World world, RunContext run, Program program, string key)
    {
        switch (program)
        {
            case Program.Step step:
                return await run.StepAsync(key, async context =>
                {
                    await world.EffectAsync(context, 0, asynchronous: true);
                    return context.Attempt > step.Failures ? $"s{context.Attempt}" : throw new HttpRequestException("again");
                }, new StepOptions { Retry = new RetryPolicy { MaxAttempts = 5, Jitter = false } });
            case Program.Sleep sleep:
                await run.SleepAsync(key, TimeSpan.FromMinutes(sleep.Minutes));
                return "z";
            case Program.Sequence sequence:
                var text = "";
                for (var i = 0; i < sequence.Parts.Length; i++) text += await RunAsync(world, run, sequence.Parts[i], $"{key}/{i}");
                return $"({text})";
            case Program.Parallel parallel:
                return $"|{string.Concat(await Task.WhenAll(parallel.Parts.Select((part, i) => RunAsync(world, run, part, $"{key}/{i}"))))}|";
            case Program.Map { Body: null } map:
                var flat = await run.MapAsync(key, Enumerable.Range(0, map.Count).ToList(), (int item, StepContext context) => world.EffectAsync(context, item, asynchronous: true), new MapOptions { Parallel = map.Width });
                return $"[{string.Join(',', flat.Outputs)}]";
            case Program.Map map:
                var nested = await run.MapAsync(key, Enumerable.Range(0, map.Count).ToList(), (int item, RunContext part) => RunAsync(world, part, map.Body!, "b"), new MapOptions { Parallel = map.Width });
                return $"[{string.Join(',', nested.Outputs)}]";
            case Program.Deadline deadline:
                var clock = run.Part();
                var expired = clock.Context.SleepAsync($"{key}/deadline", TimeSpan.FromDays(365));
                var work = RunAsync(world, run, deadline.Body, $"{key}/d");
                Assert.Same(work, await Task.WhenAny(work, expired));
                clock.Cancel();
                return await work;
            default: throw new NotSupportedException();
        }
    }

    private static Gen<Program> Programs() => Gen.Sized(size => Sized(Math.Min(size / 8, 3)));

    private static Gen<Program> Sized(int depth)
    {
        var step = Gen.Choose(0, 2).Select(failures => (Program)new Program.Step(failures));
        var leaf = Gen.Frequency((5, step), (1, Gen.Choose(1, 90).Select(minutes => (Program)new Program.Sleep(minutes))),
            (1, Gen.Choose(0, 6).SelectMany(count => Gen.Choose(1, 3).Select(width => (Program)new Program.Map(count, width, null)))));
        if (depth == 0) return leaf;
        var parts = Gen.Choose(1, 3).SelectMany(count => Sized(depth - 1).ArrayOf(count));
        return Gen.Frequency((2, leaf), (3, parts.Select(some => (Program)new Program.Sequence(some))), (2, parts.Select(some => (Program)new Program.Parallel(some))),
            (1, Sized(depth - 1).SelectMany(body => Gen.Choose(1, 3).Select(count => (Program)new Program.Map(count, 2, body)))), (1, Sized(depth - 1).Select(body => (Program)new Program.Deadline(body))));
    }

    private static Gen<(int At, bool After)[]> Deaths() =>
        Gen.Choose(1, 12).SelectMany(at => Gen.Elements(true, false).Select(after => (At: at, After: after))).ArrayOf().Resize(12);
}
