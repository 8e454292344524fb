using System.Text.Json;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>What applications and workflows see of budgets. An output token costs a micro-dollar here, a prompt nothing, but where a test says otherwise.</summary>
public sealed class BudgetCallTests
{
    private static readonly (string, string) Price = ("Targets:0:Price:Output", "1000000");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_is_charged_what_it_used_and_refused_once_it_cannot_be_paid()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));   // says that it used 7 tokens
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 20);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""))).Status);
        var budget = await world.Server.Client.Budgets.GetAsync("b", Cancel);
        Assert.Equal((20, 7, 0, 0, 13), (budget.LimitMicro, budget.SpentMicro, budget.ReservedMicro, budget.UncertainMicro, budget.LeftMicro));
        var refused = await world.SendAsync(ForwardWorld.Ask(""","max_tokens":14"""));
        Assert.Equal(429, refused.Status);
        var error = JsonElement.Parse(refused.Body).GetProperty("error");
        Assert.Equal(("insufficient_quota", "insufficient_quota"), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.StartsWith("Budget 'b' (day) of this tenant has $0.000013 of $0.00002 left, and this request may cost $0.000014. It begins anew at ", error.GetProperty("message").GetString());
        Assert.InRange(int.Parse(refused["Retry-After"]), 1, 24 * 3600);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":13"""))).Status);
    }

    [Fact]
    public async Task Anthropics_callers_are_refused_in_their_dialect()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"usage":{"input_tokens":1,"output_tokens":7}}"""));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Targets:0:Dialect", "anthropic"));
        await PutAsync(world, 20, "total");
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""), "/v1/messages")).Status);
        Assert.Equal((7, 13), await StandAsync(world));
        var refused = await world.SendAsync(ForwardWorld.Ask(""","max_tokens":14"""), "/v1/messages");
        Assert.Equal((429, "rate_limit_error"), (refused.Status, JsonElement.Parse(refused.Body).GetProperty("error").GetProperty("type").GetString()));
        Assert.False(refused.Headers.Contains("Retry-After"));
        Assert.Contains("It does not begin anew by itself.", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_fails_costs_nothing()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 500));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 20);
        for (var i = 0; i < 3; i++) Assert.Equal(500, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""))).Status);
        Assert.Equal((0, 20), await StandAsync(world));
    }

    [Fact]
    public async Task A_stream_that_has_used_up_the_budget_ends_with_an_error_event_and_its_target_is_told()
    {
        var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.RequestAborted.Register(() => gone.TrySetResult());
            await Replies.StreamAsync(http, [.. Enumerable.Range(0, 300).Select(i => Replies.Chunk($"{i} "))]);
            await gone.Task;
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 50);
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(200, reply.Status);
        Assert.StartsWith(Replies.Chunk("0 "), reply.Body, StringComparison.Ordinal);
        var last = reply.Body.TrimEnd().Split("\n\n")[^1];
        Assert.Contains("\"code\":\"insufficient_quota\"", last, StringComparison.Ordinal);
        Assert.Contains("Budget 'b' (day) of this tenant is used up: the answer ends here.", JsonElement.Parse(last["data: ".Length..]).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        await gone.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        var chunks = reply.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length - 1;
        Assert.Equal((chunks, 0), await StandAsync(world));
        Assert.Equal(429, (await world.SendAsync(ForwardWorld.AskStream)).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_that_tells_its_usage_before_its_end_is_cut_like_any_other(bool inEachChunk)
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            for (var i = 1; i <= 300; i++)
            {
                var usage = inEachChunk || i == 1 ? $$""","usage":{"prompt_tokens":1,"completion_tokens":{{i - 1}}}""" : "";
                await Replies.StreamAsync(http, $$"""data: {"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":null}]{{usage}}}""" + "\n\n");
            }
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 50);
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Contains("is used up: the answer ends here.", reply.Body, StringComparison.Ordinal);
        var chunks = reply.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Length - 1;
        Assert.Equal(chunks, (await StandAsync(world)).Spent);
    }

    [Fact]
    public async Task A_stream_without_a_ceiling_goes_on_as_long_as_there_is_money()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, [.. Enumerable.Range(0, 300).Select(i => Replies.Chunk("x")), Replies.Finish(), Replies.Data("""{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":300,"total_tokens":311}}"""), Replies.Done]));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Budgets:UncappedTokens", "7"));
        await PutAsync(world, 400);
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.EndsWith(Replies.Done, reply.Body, StringComparison.Ordinal);
        Assert.Equal((300, 100), await StandAsync(world));
    }

    [Fact]
    public async Task A_stream_within_its_ceiling_is_never_cut_though_frames_look_like_tokens()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, [Replies.Chunk(""), .. Enumerable.Range(0, 40).Select(i => Replies.Chunk("x")), Replies.Finish(), Replies.Done]));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 40);
        var reply = await world.SendAsync(ForwardWorld.Ask(""","stream":true,"max_tokens":40"""));
        Assert.EndsWith(Replies.Done, reply.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_ceiling_is_lowered_to_what_the_budget_can_pay_where_that_is_set()
    {
        var seen = new List<string>();
        await using var upstream = await Replies.HearingAsync(seen);
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Budgets:ClampMaxTokens", "true"));
        await PutAsync(world, 9);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":100"""))).Status);
        Assert.Contains("\"max_tokens\":9}", seen[^1], StringComparison.Ordinal);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask())).Status);
        Assert.Contains("\"max_tokens\":2,", seen[^1], StringComparison.Ordinal);
        Assert.Equal(429, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":1"""))).Status);   // the target used 7 of the 2
    }

    [Fact]
    public async Task A_ceiling_is_lowered_to_what_the_budget_can_pay_of_each_answer()
    {
        var seen = new List<string>();
        await using var upstream = await Replies.HearingAsync(seen);
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Budgets:ClampMaxTokens", "true"));
        await PutAsync(world, 9);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","n":2,"max_tokens":100"""))).Status);
        Assert.Contains("\"max_tokens\":4}", seen[^1], StringComparison.Ordinal);
        Assert.Equal(429, (await world.SendAsync(ForwardWorld.Ask(""","n":3,"max_tokens":100"""))).Status);   // 2 are left: not one token for each
    }

    [Fact]
    public async Task Only_the_calls_that_a_budget_is_for_count_in_it()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        foreach (var (name, budget) in new[] { ("others", new PutBudget(0, "day", Model: "n")), ("key", new PutBudget(0, "day", Key: "k")), ("team", new PutBudget(0, "day", Team: "t")), ("mine", new PutBudget(100, "day", Key: "local", Model: "M")) })
        {
            await world.Server.Client.Budgets.PutAsync(name, budget, Cancel);
        }
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""))).Status);
        Assert.Equal([("key", 0L), ("mine", 7L), ("others", 0L), ("team", 0L)], (await world.Server.Client.Budgets.ListAsync(Cancel)).Items.Select(one => (one.Name, one.SpentMicro)));
    }

    [Fact]
    public async Task The_dearest_target_and_the_prompt_and_all_choices_are_reserved_for()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address, upstream.Address], Price, ("Targets:1:Price:Output", "5000000"), ("Targets:1:Price:Input", "2000000"));
        await PutAsync(world, 1_000_000);
        var prompt = new string('x', 400);   // 100 tokens
        await PutAsync(world, 299);
        var body = $$"""{"messages":[{"role":"user","content":"{{prompt}}"}],"model":"m","max_tokens":10,"n":2}""";
        var refused = await world.SendAsync(body);
        Assert.Equal(429, refused.Status);
        Assert.Contains("may cost $0.000302", refused.Body, StringComparison.Ordinal);   // 100 + 1 for the other texts at 2, 2 times 10 at 5
        await PutAsync(world, 302);
        Assert.Equal(200, (await world.SendAsync(body)).Status);
        Assert.Equal(7, (await StandAsync(world)).Spent);   // the first target is the cheaper one
    }

    [Theory]
    [InlineData("/v1/chat/completions", ""","max_completion_tokens":100,"max_tokens":1""")]
    [InlineData("/v1/chat/completions", ""","max_tokens":1,"max_completion_tokens":100""")]
    [InlineData("/v1/chat/completions", ""","max_tokens":4611686018427387904,"n":4""")]
    [InlineData("/v1/chat/completions", ""","max_tokens":50,"n":3.0""")]
    [InlineData("/v1/chat/completions", ""","max_tokens":-1,"max_completion_tokens":1""")]
    [InlineData("/v1/chat/completions", ""","max_tokens":1,"n_predict":100""")]
    [InlineData("/v1/completions", ""","max_tokens":1,"n_predict":100""")]
    [InlineData("/v1/completions", ""","max_tokens":100,"max_completion_tokens":1""")]
    [InlineData("/v1/completions", ""","max_tokens":10,"best_of":10""")]
    [InlineData("/v1/completions", ""","max_tokens":5,"n":2,"prompt":["a","b","c","d","e",[1,2],[3],"f","g","h"]""")]
    [InlineData("/v1/messages", ""","max_tokens":100,"max_completion_tokens":1""")]
    public async Task The_most_that_a_target_may_take_a_request_for_is_reserved(string path, string most)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Targets:0:Dialect", path == "/v1/messages" ? "anthropic" : "openai"));
        await PutAsync(world, 99);
        Assert.Equal(429, (await world.SendAsync(ForwardWorld.Ask(most), path)).Status);
    }

    [Fact]
    public async Task A_prompt_of_tokens_is_reserved_for()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"data":[],"usage":{"prompt_tokens":4,"total_tokens":4}}"""));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Price:Input", "1000000"));
        await PutAsync(world, 7);
        const string Ask = """{"model":"m","input":[[1,2,3,4]]}""";
        Assert.Equal(200, (await world.SendAsync(Ask, "/v1/embeddings")).Status);
        Assert.Equal((4, 3), await StandAsync(world));
        Assert.Equal(429, (await world.SendAsync(Ask, "/v1/embeddings")).Status);
    }

    [Fact]
    public async Task A_call_that_costs_more_than_the_whole_budget_is_refused_for_good()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 20);
        var refused = await world.SendAsync(ForwardWorld.Ask(""","max_tokens":21"""));
        Assert.Equal((429, "false"), (refused.Status, refused["x-should-retry"]));
        Assert.False(refused.Headers.Contains("Retry-After"));
        Assert.Contains("has $0.00002 of $0.00002 left, and this request may cost $0.000021: more than the whole budget. Ask for fewer tokens", refused.Body, StringComparison.Ordinal);
        Assert.Equal(200, (await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""))).Status);
        Assert.False((await world.SendAsync(ForwardWorld.Ask(""","max_tokens":20"""))).Headers.Contains("x-should-retry"));   // tomorrow it can be paid
    }

    [Fact]
    public async Task A_model_that_costs_nothing_is_asked_though_the_budget_is_overdrawn()
    {
        var (held, answer) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            if (body.Contains("hold", StringComparison.Ordinal))
            {
                held.SetResult();
                await answer.Task;
            }
            if (body.Contains("stream", StringComparison.Ordinal)) await Replies.StreamAsync(http, [.. Enumerable.Range(0, 300).Select(i => Replies.Chunk($"{i} "))]);
            else await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Gateway:Models:free:BaseUrl", upstream["/v1"].ToString()));
        await PutAsync(world, 100);
        var holds = world.SendAsync(ForwardWorld.Ask(""","user":"hold","max_tokens":60"""));
        await held.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Contains("is used up", (await world.SendAsync(ForwardWorld.AskStream)).Body, StringComparison.Ordinal);
        for (var i = 0; i < 3; i++) Assert.Equal(200, (await world.SendAsync("""{"model":"free","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}""")).Status);
        answer.SetResult();
        Assert.Equal(200, (await holds).Status);
    }

    [Theory]
    [InlineData("GpuSecond", "1000000000", "/v1/chat/completions", """{"model":"m","messages":[{"role":"user","content":"hi"}],"max_tokens":5}""")]
    [InlineData("Input", "1000000", "/v1/embeddings", """{"model":"m","input":""}""")]
    public async Task A_call_that_is_estimated_to_cost_nothing_is_refused_once_nothing_is_left(string price, string amount, string path, string ask)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"object":"list","data":[],"usage":{"prompt_tokens":1000,"total_tokens":1000}}"""));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ($"Targets:0:Price:{price}", amount));
        await PutAsync(world, 500);
        Assert.Equal(200, (await world.SendAsync(ask, path)).Status);
        Assert.InRange((await StandAsync(world)).Spent, 500, long.MaxValue);
        var refused = await world.SendAsync(ask, path);
        Assert.Equal(429, refused.Status);
        Assert.Contains("has $0.00 of $0.0005 left, and this request may cost $0.000001.", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Seconds_of_a_host_are_charged_while_a_stream_passes_however_few_tokens_it_may_have()
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            for (var i = 0; i < 2_000; i++)   // ten seconds and more, where nobody ends it
            {
                await Replies.StreamAsync(http, Replies.Chunk("More."));
                await Task.Delay(5, http.RequestAborted);
            }
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Price:GpuSecond", "1000000"), ("Targets:0:Price:Output", "1000000"));
        await PutAsync(world, 200_000);   // a fifth of a second
        var ended = await world.SendAsync(ForwardWorld.Ask(""","max_tokens":100000,"stream":true"""));
        Assert.Contains("is used up", ended.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_step_of_a_workflow_is_held_to_the_budget_of_its_tenant()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price);
        await PutAsync(world, 20);
        await world.Server.RegisterAsync("asks", "do: [ { ask: { call: llm, with: { model: m, prompt: hi, max_tokens: 10 } } } ]");
        Assert.Equal("completed", (await world.Server.EndAsync(await world.Server.StartRunAsync("asks"))).State);
        Assert.Equal((7, 13), await StandAsync(world));
        await PutAsync(world, 16);
        var failed = await world.Server.EndAsync(await world.Server.StartRunAsync("asks"));
        Assert.Equal("failed", failed.State);
        Assert.Contains("Budget 'b' (day) of this tenant has $0.000009 of $0.000016 left", failed.Error!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_API_takes_changes_and_removes_budgets_and_says_what_is_wrong()
    {
        await using var server = await TestServer.StartAsync();
        var made = await server.Client.Budgets.PutAsync("team.a", new PutBudget(5_000_000, "month", Team: "a"), Cancel);
        Assert.Equal((5_000_000, 0, 5_000_000, "a", 1), (made.LimitMicro, made.SpentMicro, made.LeftMicro, made.Team, made.ResetsAt!.Value.Day));
        Assert.Equal(6_000_000, (await server.Client.Budgets.PutAsync("team.a", new PutBudget(6_000_000, "total"), Cancel)).LimitMicro);
        Assert.Null((await server.Client.Budgets.GetAsync("team.a", Cancel)).ResetsAt);
        await server.Client.Budgets.DeleteAsync("team.a", Cancel);
        Assert.Equal("urn:baton:problem:unknown-budget", (await server.GetAsync("/api/v1/budgets/team.a")).Problem(404).GetProperty("type").GetString());
        foreach (var (body, pointer) in new[] { ("""{"period":"day"}""", "/limit_micro"), ("""{"limit_micro":-1,"period":"day"}""", "/limit_micro"), ("""{"limit_micro":1,"period":"year"}""", "/period"), ("""{"limit_micro":1,"period":"day","team":""}""", "/team"), ("""{"limit_micro":1,"period":"day","key":"a\u001bb"}""", "/key"), ("""{"limit_micro":1,"period":"day","x":1}""", "/x") })
        {
            var put = new HttpRequestMessage(HttpMethod.Put, "/api/v1/budgets/b") { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json") };
            Assert.Equal([pointer], (await server.SendAsync(put)).Pointers(400));
        }
    }

    /// <summary>The property of the ledger once more, over real connections: clients that leave, targets that cut, and usage that is told or not.</summary>
    [Fact]
    public async Task Whatever_clients_and_targets_do_at_once_the_budget_holds_and_nothing_stays_reserved()
    {
        const int Limit = 4_000, Clients = 16;
        var delivered = 0;
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var random = new Random(Interlocked.Increment(ref delivered));
            if (random.Next(6) == 0)
            {
                await Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 503);
                return;
            }
            for (var left = random.Next(1, 120); left > 0; left--) await Replies.StreamAsync(http, Replies.Chunk("x"));
            if (random.Next(4) == 0) http.Abort();
            else await Replies.StreamAsync(http, Replies.Finish(), Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], Price, ("Gateway:BreakerFailures", "1000"), ("Budgets:UncappedTokens", "7"));
        await PutAsync(world, Limit);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => Task.Run(async () =>
        {
            var random = new Random(client);
            for (var refusals = 0; refusals < 2;)
            {
                using var response = await world.OpenAsync(random.Next(2) == 0 ? ForwardWorld.AskStream : ForwardWorld.Ask(""","stream":true,"max_tokens":60"""));
                if ((int)response.StatusCode == 429) refusals++;
                if (!response.IsSuccessStatusCode || random.Next(5) == 0) continue;   // it leaves
                try
                {
                    await response.Content.ReadAsStringAsync(Cancel);
                }
                catch (HttpRequestException)
                {
                    // Cut, and told so.
                }
            }
        })));
        await Eventually.IsTrueAsync(() => world.Server.Get<BudgetLedger>().Reserved == 0);
        var (spent, left) = await StandAsync(world);
        Assert.InRange(spent, Limit - (Clients * 67), Limit + (Clients * 120));   // some gave up while others had reserved; a chunk is what the network gave at once
        Assert.Equal(Math.Max(0, Limit - spent), left);
    }

    private static Task PutAsync(ForwardWorld world, long limit, string period = "day") => world.Server.Client.Budgets.PutAsync("b", new PutBudget(limit, period), Cancel);

    private static async Task<(long Spent, long Left)> StandAsync(ForwardWorld world)
    {
        await Eventually.IsTrueAsync(() => world.Server.Get<BudgetLedger>().Reserved == 0);   // the answer is there a moment before its end is counted
        var budget = await world.Server.Client.Budgets.GetAsync("b", Cancel);
        return (budget.SpentMicro, budget.LeftMicro);
    }
}
