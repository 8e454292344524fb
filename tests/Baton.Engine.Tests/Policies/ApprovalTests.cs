using Baton.Engine.Dsl;
using Baton.Engine.Tests.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;

namespace Baton.Engine.Tests.Policies;

/// <summary>Questions to people: asked once, answered once, and what happens when nobody answers.</summary>
public sealed class ApprovalTests
{
    private const string Ask = "do: [ { ask: { call: approve, with: { title: 'Refund ${ .amount }?', assignee: ada, data: '${ . }' } } }, { after: { call: work, with: { value: '${ .choice }' } } } ]";

    [Fact]
    public Task An_answer_is_taken_once_over_death() => Die(Ask, "{\"choice\":\"approve\",\"by\":\"ada\"}");

    [Fact]
    public Task An_expiry_is_taken_once_over_death() => Die(Ask.Replace("assignee: ada", "deadline: PT1H, on_expiry: { choice: reject }", StringComparison.Ordinal), null);

    [Fact]
    public Task What_expires_is_handed_on_over_death() => Die(Ask.Replace("assignee: ada", "assignee: ada, deadline: PT1H, on_expiry: { escalate: { assignee: bob } }", StringComparison.Ordinal), "{\"choice\":\"approve\"}");

    [Fact]
    public async Task What_is_asked_is_recorded()
    {
        var (state, output, world) = await RunAsync(Ask, "{\"choice\":\"reject\",\"comment\":\"no\"}");
        Assert.Equal((RunState.Completed, "\"reject\""), (state, output.ToJson()));
        var asked = world.Journal.Entries(world.Current).OfType<JournalEntry.ApprovalAsked>().Single().Approval;
        Assert.Equal(("Refund 7?", "ada", 2), (asked.Title, asked.Assignee, asked.Choices.Count));
    }

    [Theory]
    [InlineData("fail", RunState.Failed)]
    [InlineData("skip", RunState.Completed)]
    public async Task What_nobody_answers_fails_or_is_skipped(string onExpiry, RunState expected)
    {
        var (state, _, _) = await RunAsync($"do: [ {{ ask: {{ call: approve, with: {{ title: 'Go?', deadline: PT1H, on_expiry: {onExpiry} }} }} }} ]", null);
        Assert.Equal(expected, state);
    }

    [Theory]
    [InlineData("{\"choice\":\"retry\"}", RunState.Completed, "\"second\"")]
    [InlineData("{\"choice\":\"skip\"}", RunState.Completed, "null")]
    [InlineData("{\"choice\":\"value\",\"value\":{\"x\":1}}", RunState.Completed, "{\"x\":1}")]
    [InlineData("{\"choice\":\"fail\",\"by\":\"ada\"}", RunState.Failed, "null")]
    public async Task A_person_decides_about_an_error(string answer, RunState expected, string output)
    {
        var (state, given, world) = await RunAsync("do: [ { a: { call: twice, metadata: { baton: { on_error: { rules: [ { escalate: { assignee: ada } } ] } } } } } ]", answer);
        Assert.Equal((expected, output), (state, given.ToJson()));
        if (expected == RunState.Failed) Assert.Equal("decided by ada", ((JournalEntry.StateChanged)world.Journal.Entries(world.Current)[^1]).Decision!.Reason);
    }

    [Fact]
    public async Task What_a_task_no_longer_waits_for_can_no_longer_be_answered()
    {
        var (state, _, world) = await RunAsync("do: [ { a: { try: [ { ask: { call: approve, timeout: { after: PT1H }, with: { title: 'Go?' } } } ], catch: { do: [ { b: { call: work, with: { value: 1 } } } ] } } } ]", null);
        Assert.Equal(RunState.Completed, state);
        Assert.False(world.Journal.Answer(world.Current, "{\"choice\":\"approve\"}"));
    }

    private static async Task<(RunState State, JqValue Output, World World)> RunAsync(string tasks, string? answer)
    {
        var world = new World();
        var (state, output, _) = await Documents.RunAsync(tasks, JqValue.Parse("{\"amount\":7}"), Effects(world, answer), world);
        return (state, output, world);
    }

    private static Task Die(string tasks, string? answer) => Deaths.EverywhereAsync(world => WorkflowDefinition.Parse(Documents.Header + tasks, Effects(world, answer)).Body, JqValue.Parse("{\"amount\":7}"), check: world =>
        Assert.InRange(world.Journal.Entries(world.Current).Count(entry => entry is JournalEntry.ApprovalAsked), 1, 2));

    private static FakeEffects Effects(World world, string? answer)
    {
        world.WhenWaiting = run => answer is not null && world.Journal.Answer(run, answer);
        return new FakeEffects().With("work", (arguments, step) => world.EffectAsync(step, arguments["value"]))
            .With("twice", (_, step) => step.Key.Contains("~again", StringComparison.Ordinal) ? Task.FromResult<JqValue>("second") : throw new InvalidOperationException("first"));
    }
}
