using Baton.Chaos;
using Baton.Chaos.Faults;

namespace Baton.Server.Tests.Chaos;

public sealed class FaultPlanTests
{
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10), Lapse = TimeSpan.FromSeconds(3);

    [Fact]
    public void A_seed_brings_the_same_faults_and_another_seed_others()
    {
        Assert.Equal(FaultPlan.Make(42, TenMinutes, 3, Lapse, database: true), FaultPlan.Make(42, TenMinutes, 3, Lapse, database: true));
        Assert.NotEqual(FaultPlan.Make(42, TenMinutes, 3, Lapse, database: true), FaultPlan.Make(43, TenMinutes, 3, Lapse, database: true));
    }

    [Fact]
    public void Ten_minutes_have_faults_of_every_kind_to_every_node()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var plan = FaultPlan.Make(seed, TenMinutes, 3, Lapse, database: true);
            Assert.Equal(9, plan.Select(fault => fault.GetType()).Distinct().Count());
            Assert.Equal([1, 2, 3], plan.OfType<Fault.Kill>().Select(kill => kill.Node).Distinct().Order());
            Assert.Contains(plan.OfType<Fault.Pause>(), pause => pause.For > Lapse);
            Assert.Equal(plan.Select(fault => fault.At).Order(), plan.Select(fault => fault.At));
        }
    }

    [Fact]
    public void One_node_without_a_database_of_its_own_is_killed_paused_and_stopped_and_always_comes_back() =>
        Assert.All(FaultPlan.Make(1, TenMinutes, 1, lapse: null, database: false), fault => Assert.True(fault is Fault.Kill or Fault.Pause or Fault.Stop));

    [Theory]
    [InlineData("--seed x", "--seed cannot be 'x'.")]
    [InlineData("--duration 10", "--duration cannot be '10'.")]
    [InlineData("--nodes 0", "--nodes cannot be '0'.")]
    [InlineData("--node 3", "'--node' is no option of this command.")]
    [InlineData("disk", "there is no scenario 'disk'.")]
    public void What_was_not_understood_is_named(string arguments, string fault) => Assert.Equal((null, fault), ChaosOptions.Parse(arguments.Split(' '), ["nodes"]));

    [Fact]
    public void The_line_that_repeats_a_run_is_understood()
    {
        var (options, _) = ChaosOptions.Parse("nodes --seed 5 --duration 90s --nodes 2 --rate 2.5".Split(' '), ["nodes"]);
        Assert.Equal((5, TimeSpan.FromSeconds(90), 2, 2.5, "90s"), (options!.Seed, options.Duration, options.Nodes, options.Rate, ChaosOptions.Text(options.Duration)));
        Assert.Equal(["nodes"], options.Scenarios);
    }
}
