using System.Collections.Immutable;
using System.Text.Json;
using Baton.Chaos.Verdict;
using Baton.Chaos.Work;
using Baton.Chaos.World;

namespace Baton.Server.Tests.Chaos;

/// <summary>A check that never fails proves nothing: each is shown a log in which something is wrong.</summary>
public sealed class ChecksTests
{
    private static readonly Script Two = new("two", "", "completed", ["a", "b"], "b", [("a", "b")]);
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<Seen> log = [];
    private readonly List<NodeHistory> nodes = [new("n1", [], 0, 0), new("n2", [], 0, 0)];
    private TimeSpan now;

    [Fact]
    public void A_run_that_did_all_it_should_is_clean()
    {
        Call("a");
        Report("a");
        Call("b");
        Report("b");
        Assert.Empty(Violations(Ended(4)));
    }

    [Fact]
    public void A_repetition_before_the_outcome_was_seen_is_allowed()
    {
        Call("a");
        Call("a", by: "n2");
        Report("a");
        Call("b");
        Assert.Empty(Violations(Ended(6)));
    }

    [Fact]
    public void A_repetition_after_the_outcome_was_seen_is_a_violation()
    {
        Call("a");
        Report("a");
        Call("b");
        Call("a", by: "n2");
        Assert.Contains("after its outcome was seen", Assert.Single(Violations(Ended(4))));
    }

    [Fact]
    public void What_a_paused_node_sends_when_it_is_woken_is_late_and_only_then_and_only_once()
    {
        Call("a");
        Report("a");
        Call("b");
        Report("b");
        now += TimeSpan.FromSeconds(10);
        nodes[1] = nodes[1] with { Pauses = [new Absence(Start, Start + now)] };
        Call("a", by: "n2");
        var checks = Checks(Ended(4));
        Assert.Empty(checks.All());
        Assert.Single(checks.Late);

        Call("a", by: "n2");   // it had called already: this is a new attempt
        Assert.Single(Violations(Ended(4)));
        now += TimeSpan.FromSeconds(1);
        Call("b", by: "n2");   // too long after it was woken
        Assert.Equal(2, Violations(Ended(4)).Length);
    }

    [Fact]
    public void An_effect_that_is_missing_odd_or_too_early_is_a_violation()
    {
        Call("b");
        Call("c");
        var violations = Violations(Ended(1));
        Assert.Contains(violations, violation => violation.Contains("never did 'a'", StringComparison.Ordinal));
        Assert.Contains(violations, violation => violation.Contains("did 'c'", StringComparison.Ordinal));
        Assert.Contains(violations, violation => violation.Contains("began 'b'", StringComparison.Ordinal));
    }

    [Fact]
    public void A_run_that_is_lost_ended_otherwise_or_gives_a_foreign_outcome_is_a_violation()
    {
        Call("a");
        Call("b");
        Assert.Contains("is not ended", Assert.Single(Violations(Ended(3, state: null))));
        Assert.Contains("is failed", Assert.Single(Violations(Ended(3, state: "failed"))));
        Assert.Contains("was not its own", Assert.Single(Violations(Ended(1))));
        Assert.Contains("2 requests", Assert.Single(Violations(Ended(3), Ended(3))));
    }

    [Fact]
    public void More_open_runs_than_their_script_allows_are_a_violation()
    {
        var one = Two with { Limit = 1 };
        Call("a");
        Call("b");
        Call("a", no: 2);
        Call("b", no: 2);
        Assert.Empty(Violations(Ended(3) with { Script = one }, Ended(7) with { Script = one, No = 2, Id = "run_2" }));
        Call("a", no: 3);
        Call("a", no: 4);
        Call("b", no: 3);
        Call("b", no: 4);
        Assert.Contains("2 runs of two were open at line 11; 1 may be", Assert.Single(Violations(Ended(13) with { Script = one, No = 3 }, Ended(15) with { Script = one, No = 4, Id = "run_2" })));
    }

    [Fact]
    public void A_node_that_ends_by_itself_or_speaks_in_stack_traces_is_a_violation()
    {
        Call("a");
        Call("b");
        nodes[0] = nodes[0] with { Deaths = 1 };
        nodes[1] = nodes[1] with { Traces = 2 };
        Assert.Equal(["n1 ended by itself 1 times", "n2 could not start 2 times and said so by a stack trace"], Violations(Ended(3)));
    }

    private static AcknowledgedRun Ended(long call, string? state = "completed") => new(1, Two, "run_1", default) { Ended = state, Output = JsonSerializer.SerializeToElement(new { call }) };

    private ImmutableArray<string> Violations(params AcknowledgedRun[] runs) => [.. Checks(runs).All()];

    private Checks Checks(params AcknowledgedRun[] runs) => new([.. log], runs, nodes);

    private void Call(string what, string by = "n1", int no = 1)
    {
        var begin = Write(SeenKind.Begin, what, by, JsonSerializer.Serialize(new { no, what }));
        Write(SeenKind.End, what, by, call: begin);
    }

    private void Report(string what) => Write(SeenKind.Reported, what);

    private long Write(SeenKind kind, string key, string? by = null, string? body = null, long? call = null)
    {
        now += TimeSpan.FromMilliseconds(10);
        var no = log.Count + 1L;
        log.Add(new Seen(no, Start + now, kind, "run_1", key, call ?? (kind == SeenKind.Begin ? no : 0), 1, null, by, body));
        return no;
    }
}
