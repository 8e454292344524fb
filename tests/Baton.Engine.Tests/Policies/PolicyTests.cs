using Baton.Engine.Dsl;
using Baton.Engine.Tests.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;

namespace Baton.Engine.Tests.Policies;

/// <summary>What error policies do about a task that fails, and what they record.</summary>
public sealed class PolicyTests
{
    private readonly World world = new();

    private readonly FakeEffects effects = new();

    private int calls;

    private IEnumerable<PolicyDecision> Decisions => world.Journal.Entries(world.Current).Select(entry => entry switch
    {
        JournalEntry.StepFailed { Decision: { } decision } => decision,
        JournalEntry.PolicyDecided decided => decided.Decision,
        _ => null,
    }).OfType<PolicyDecision>();

    private string Moves => string.Join(" ", Decisions.Select(decision => decision.Move.ToName()));

    [Fact]
    public async Task A_policy_retries_with_its_delay_and_gives_the_reason()
    {
        var output = await OutputAsync(Failing(2, ErrorClass.Connectivity), "on_error: { rules: [ { class: connectivity, retry: { max_retries: 3, delay: PT10S, jitter: false } } ] }");
        Assert.Equal("3", output);
        Assert.Equal("retry retry", Moves);
        Assert.All(Decisions, decision => Assert.Equal(("connectivity", "task/0"), (decision.Class, decision.Rule)));
        Assert.Equal("attempt 2 of 4 failed; again in 20 s", Decisions.Last().Reason);
    }

    [Fact]
    public async Task Retries_of_one_step_keep_its_key()
    {
        var keys = new HashSet<string>();
        effects.With("work", (_, step) => keys.Add(step.IdempotencyKey) && step.Attempt < 1 || step.Attempt < 3 ? throw new TimeoutException() : Task.FromResult<JqValue>(step.Attempt));
        await OutputAsync(effects, "on_error: { rules: [ { retry: { delay: PT1S } } ] }");
        Assert.Single(keys);
    }

    [Fact]
    public async Task What_the_other_side_asks_for_is_waited()
    {
        effects.With("work", (_, step) => step.Attempt < 2 ? throw new WorkflowException(new WorkflowError(ErrorTypes.Communication, 429, "Slow"), ErrorClass.RateLimit) { RetryAfter = TimeSpan.FromMinutes(7) } : Task.FromResult<JqValue>(1));
        await OutputAsync(effects, "on_error: { rules: [ { retry: { delay: PT1S } } ] }");
        Assert.Equal("attempt 1 of 6 failed; again in 420 s, as the other side asked", Decisions.Single().Reason);
    }

    [Theory]
    [InlineData(ErrorClass.Connectivity, 3, 30)]
    [InlineData(ErrorClass.RateLimit, 5, 60)]
    [InlineData(ErrorClass.Auth, 1, 1)]
    [InlineData(ErrorClass.ServiceUnavailable, 2, 120)]
    [InlineData(ErrorClass.Generic, 3, 30)]
    public async Task Retries_without_figures_take_those_of_the_class(ErrorClass errorClass, int retries, int seconds)
    {
        var (state, _) = await RunAsync(Failing(100, errorClass), "on_error: { rules: [ { retry: { jitter: false } } ] }");
        Assert.Equal(RunState.Failed, state);
        Assert.Equal(retries + 1, calls);
        Assert.Contains($"again in {seconds} s", Decisions.First().Reason, StringComparison.Ordinal);
        Assert.Equal(PolicyMove.Fail, Decisions.Last().Move);
    }

    [Fact]
    public async Task The_first_rule_that_fits_decides()
    {
        var output = await OutputAsync(Failing(100, ErrorClass.RateLimit), "on_error: { rules: [ { class: auth, fail: {} }, { status: [503, 500], skip: { output: second } }, { skip: { output: third } } ] }");
        Assert.Equal("\"second\"", output);
    }

    [Fact]
    public async Task A_skip_is_recorded_with_its_reason_and_gives_null()
    {
        Assert.Equal("null", await OutputAsync(Failing(100, ErrorClass.DataValidation), "on_error: standard"));
        Assert.StartsWith(PolicyDecision.Skipped, Decisions.Single().Reason, StringComparison.Ordinal);
        Assert.Equal("failed", Decisions.Single().Error!.Title);
    }

    [Fact]
    public async Task Words_of_a_message_decide_only_where_the_type_says_nothing()
    {
        const string Policy = "on_error: { patterns: [ { match: '(?i)FAILED', class: rate_limit } ], rules: [ { class: rate_limit, skip: { output: pattern } }, { skip: { output: typed } } ] }";
        Assert.Equal("\"pattern\"", await OutputAsync(Failing(100, ErrorClass.Generic), Policy));
        Assert.Equal("\"typed\"", await OutputAsync(Failing(100, ErrorClass.Auth), Policy));
    }

    [Fact]
    public async Task The_first_fallback_that_works_wins_and_each_is_recorded()
    {
        effects.With("work", (_, step) => step.Key.EndsWith("fallback", StringComparison.Ordinal) ? throw new WorkflowException(new WorkflowError("urn:x", 500, "still")) : throw new WorkflowException(new WorkflowError("urn:x", 500, "first")), new FunctionParameter("value", false, ""), new FunctionParameter("model", false, ""))
            .With("other", _ => "rescued");
        var output = await OutputAsync(effects, "on_error: { rules: [ { fallback: [ { model: big }, { cached: {} }, { reduced_concurrency: { at_most: 1, retry: { max_retries: 1 } } }, { refreshed_credential: {} }, { do: [ { o: { call: other } } ] }, { value: never } ] } ] }");
        Assert.Equal("\"rescued\"", output);
        Assert.Equal("fallback fallback fallback retry fallback fallback", Moves);
        Assert.Contains("still", Decisions.Last().Reason, StringComparison.Ordinal);
        Assert.Equal([0, 1, 2, 3, 4], Decisions.Where(decision => decision.Move == PolicyMove.Fallback).Select(decision => decision.Option!.Value));
    }

    [Fact]
    public async Task Another_model_is_asked_with_the_same_arguments()
    {
        effects.With("work", arguments => arguments["model"].ToString() == "\"small\"" ? arguments["value"] : throw new WorkflowException(new WorkflowError("urn:x", 500, "too long"), ErrorClass.ContextTooLong), new FunctionParameter("value", false, ""), new FunctionParameter("model", false, ""));
        Assert.Equal("5", await OutputAsync(effects, "on_error: { rules: [ { class: context_too_long, fallback: [ { model: small } ] } ] }"));
    }

    [Fact]
    public async Task Cached_data_are_the_newest_output_for_the_same_input()
    {
        var down = false;
        effects.With("work", arguments => down ? throw new TimeoutException("down") : arguments["value"]);
        const string Policy = "on_error: { rules: [ { fallback: [ { cached: {} } ] } ] }";
        Assert.Equal("5", await OutputAsync(effects, Policy));
        down = true;
        Assert.Equal("5", await OutputAsync(effects, Policy));
        Assert.Equal("fallback", Moves);
        var (state, _) = await RunAsync(effects, Policy, "{\"other\": 1}");
        Assert.Equal(RunState.Failed, state);
    }

    [Fact]
    public async Task A_catch_sees_the_error_after_the_policy_is_exhausted()
    {
        Failing(100, ErrorClass.Connectivity);
        var output = await Documents.OutputAsync("""
            do:
              - attempt:
                  try: [ { a: { call: work, metadata: { baton: { on_error: { rules: [ { retry: { max_retries: 2, delay: PT1S } } ] } } } } } ]
                  catch: { do: [ { show: { set: '${ $error.title }' } } ] }
            """, effects: effects, world: world);
        Assert.Equal("\"failed\"", output.ToJson());
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Task_outranks_workflow_outranks_server()
    {
        effects.Policies = PolicyCatalog.Parse("policies: { house: { rules: [ { skip: { output: server } } ] } }", "house");
        world.Journal.Behaviour = EngineBehaviour.ServerPolicy;
        Failing(100, ErrorClass.Auth);
        Assert.Equal("\"server\"", await WholeAsync("{}", "{}"));
        Assert.Equal("\"workflow\"", await WholeAsync("{ on_error: { rules: [ { skip: { output: workflow } } ] } }", "{}"));
        Assert.Equal("\"task\"", await WholeAsync("{ on_error: { rules: [ { skip: { output: workflow } } ] } }", "{ on_error: { rules: [ { skip: { output: task } } ] } }"));
        Assert.Equal("\"workflow\"", await WholeAsync("{ on_error: { rules: [ { skip: { output: workflow } } ] } }", "{ on_error: { rules: [ { class: rate_limit, skip: { output: task } } ] } }"));
    }

    [Fact]
    public async Task The_servers_policy_leaves_runs_alone_that_were_started_without_it()
    {
        effects.Policies = PolicyCatalog.Parse(null, "standard");
        var (state, _) = await RunAsync(Failing(100, ErrorClass.DataValidation), "{}");
        Assert.Equal(RunState.Failed, state);
        Assert.Empty(Decisions);
    }

    [Fact]
    public async Task A_task_of_several_steps_is_retried_as_a_whole()
    {
        effects.With("work", _ => ++calls < 3 ? throw new TimeoutException() : calls);
        var output = await Documents.OutputAsync("""
            do:
              - all:
                  do: [ { before: { call: other } }, { a: { call: work } } ]
                  metadata: { baton: { on_error: { rules: [ { retry: { max_retries: 2, delay: PT1M, jitter: false } } ] } } }
            """, effects: effects.With("other", _ => 1), world: world);
        Assert.Equal("3", output.ToJson());
        Assert.Equal("retry retry", Moves);
        Assert.Equal(6, effects.Requests.Count);
    }

    [Fact]
    public async Task In_a_map_each_item_has_the_policy_of_its_tasks()
    {
        effects.With("work", arguments => arguments["value"].AsDouble() == 1 ? throw new TimeoutException() : arguments["value"]);
        var output = await Documents.OutputAsync("""
            do:
              - many: { call: map, with: { in: '[range(3)]', do: [ { w: { call: work, with: { value: '${ $item }' }, metadata: { baton: { on_error: { rules: [ { skip: { output: none } } ] } } } } } ] } }
            """, effects: effects, world: world);
        Assert.Equal("[0,\"none\",2]", output.ToJson());
    }

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "{ on_eror: standard }", "/do/0/a/metadata/baton/on_eror", "Did you mean 'on_error'?" },
        { "{ on_error: standart }", "/do/0/a/metadata/baton/on_error", "Did you mean 'standard'?" },
        { "{ on_error: { rules: [ { class: rate_limits, fail: {} } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/class", "Did you mean 'rate_limit'?" },
        { "{ on_error: { rules: [ { class: auth, skp: {} } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/skp", "Did you mean 'skip'?" },
        { "{ on_error: { rules: [ { class: auth } ] } }", "/do/0/a/metadata/baton/on_error/rules/0", "Add one of retry" },
        { "{ on_error: { rules: [ { skip: {}, fail: {} } ] } }", "/do/0/a/metadata/baton/on_error/rules/0", "skip and fail" },
        { "{ on_error: { rules: [ { retry: { max_retriess: 3 } } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/retry/max_retriess", "Did you mean 'max_retries'?" },
        { "{ on_error: { rules: [ { fallback: [ { modell: x } ] } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/fallback/0", "Did you mean 'model'?" },
        { "{ on_error: { rules: [ { fallback: [] } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/fallback", "at least one" },
        { "{ on_error: { rules: [ { status: 42, fail: {} } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/status", "100 to 599" },
        { "{ on_error: { patterns: [ { match: '(a', class: auth } ], rules: [ { fail: {} } ] } }", "/do/0/a/metadata/baton/on_error/patterns/0/match", "regular expression" },
        { "{ on_error: { patterns: [ { match: '(?=a)', class: auth } ], rules: [ { fail: {} } ] } }", "/do/0/a/metadata/baton/on_error/patterns/0/match", "Look-arounds" },
        { "{ on_error: { rules: [ { escalate: { on_expiry: skip } } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/escalate/on_expiry", "'deadline'" },
        { "{ on_error: { rules: [ { escalate: { deadline: PT1H, on_expiry: { choice: value } } } ] } }", "/do/0/a/metadata/baton/on_error/rules/0/escalate/on_expiry/choice", "Known here" },
        { "{ compensate: { doo: [] } }", "/do/0/a/metadata/baton/compensate/doo", "Did you mean 'do'?" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void What_a_policy_may_not_say_is_refused_with_its_place_and_a_hint(string metadata, string pointer, string hint)
    {
        var problems = Documents.Problems($"{Documents.Header}do: [ {{ a: {{ set: {{ x: 1 }}, metadata: {{ baton: {metadata} }} }} }} ]");
        Assert.Contains(problems, problem => problem.Pointer == pointer && $"{problem.Rule} {problem.Mend}".Contains(hint, StringComparison.Ordinal));
    }

    [Fact]
    public void A_servers_file_is_refused_as_a_document_is()
    {
        var e = Assert.Throws<InvalidWorkflowException>(() => PolicyCatalog.Parse("policies: { house: { rules: [ { class: auht, fail: {} }, { fallback: [ { do: [] } ] } ] } }", null));
        Assert.Contains(e.Problems, problem => problem is { Pointer: "/policies/house/rules/0/class", Line: 1 });
        Assert.Contains(e.Problems, problem => problem.Pointer == "/policies/house/rules/1/fallback/0/do");
        Assert.Contains("standard", Assert.Throws<InvalidWorkflowException>(() => PolicyCatalog.Parse(null, "standart")).Message, StringComparison.Ordinal);
    }

    private FakeEffects Failing(int times, ErrorClass errorClass) =>
        effects.With("work", _ => ++calls <= times ? throw new WorkflowException(new WorkflowError("urn:x", 500, "failed"), errorClass) : calls);

    private async Task<string> OutputAsync(FakeEffects host, string baton)
    {
        var (state, output) = await RunAsync(host, baton);
        Assert.Equal(RunState.Completed, state);
        return output.ToJson();
    }

    private async Task<(RunState State, JqValue Output)> RunAsync(FakeEffects host, string baton, string input = "{}")
    {
        var definition = WorkflowDefinition.Parse($"{Documents.Header}do: [ {{ a: {{ call: work, with: {{ value: 5 }}, metadata: {{ baton: {(baton.StartsWith('{') ? baton : $"{{ {baton} }}")} }} }} }} ]", host);
        var settled = await world.RunAsync(definition.Body, System.Text.Json.JsonDocument.Parse(input).RootElement);
        await world.ReplayAsync(world.Current, definition.Body);
        return (settled.State, settled.Output.IsEmpty ? JqValue.Null : JqValue.Parse(settled.Output.Span, null));
    }

    private async Task<string> WholeAsync(string ofWorkflow, string ofTask)
    {
        var definition = WorkflowDefinition.Parse($"document: {{ dsl: '1.0.3', namespace: test, name: doc, version: '1.0.0', metadata: {{ baton: {ofWorkflow} }} }}\ndo: [ {{ a: {{ call: work, metadata: {{ baton: {ofTask} }} }} }} ]", effects);
        var settled = await world.RunAsync(definition.Body, new { });
        return System.Text.Encoding.UTF8.GetString(settled.Output.Span);
    }
}
