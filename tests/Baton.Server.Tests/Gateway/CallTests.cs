using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

public sealed class CallTests
{
    [Fact]
    public async Task A_model_is_asked_in_the_words_of_chat_completions_and_answers_as_a_stream()
    {
        JqValue body = default;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            body = JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync());
            foreach (var (name, value) in http.Request.Headers) headers[name] = value.ToString();
            headers["path"] = http.Request.Path + http.Request.QueryString;
            await Replies.StreamAsync(http, Replies.Chunk("Thr"), Replies.Chunk("ee."), Replies.Finish(), Replies.Usage, Replies.Done);
        });
        using var world = new GatewayWorld(upstream.Address, model =>
        {
            model.Model = "upstream";
            model.BaseUrl += "/?version=2";
            model.Headers["X-Project"] = "parcels";
        });
        var deltas = new List<string>();
        var request = GatewayWorld.Ask() with { Temperature = 0.5, MaxTokens = 100, Stop = ["END"], Seed = 7, IdempotencyKey = "run_1//do/0/ask é" };

        var answer = await world.AnswerAsync(request, (text, _) =>
        {
            deltas.Add(text);
            return ValueTask.CompletedTask;
        });

        Assert.Equal("Three.", answer.Text);
        Assert.Equal(["Thr", "ee."], deltas);
        Assert.Equal(("test/model", "upstream-1", "stop", new ModelUsage(11, 7, 18), 1), (answer.Model, answer.UpstreamModel, answer.FinishReason, answer.Usage, answer.Attempts));
        Assert.Equal("""{"model":"upstream","messages":[{"role":"user","content":"How many parcels were late?"}],"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_tokens":100,"stop":["END"],"seed":7}""", body.ToJson());
        Assert.Equal("/v1/chat/completions?version=2", headers["path"]);
        Assert.Equal($"Bearer {GatewayWorld.Key}", headers["Authorization"]);
        Assert.Equal(("parcels", "run_1//do/0/ask%20%C3%A9"), (headers["X-Project"], headers["Idempotency-Key"]));
    }

    [Fact]
    public async Task An_upstream_that_cannot_stream_answers_in_one_piece()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        using var world = new GatewayWorld(upstream.Address);
        var deltas = new List<string>();
        var answer = await world.AnswerAsync(onDelta: (text, _) =>
        {
            deltas.Add(text);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(("Three.", new ModelUsage(11, 7, 18)), (answer.Text, answer.Usage));
        Assert.Equal(["Three."], deltas);
    }

    [Fact]
    public async Task Equal_requests_have_equal_hashes_and_others_do_not()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        using var world = new GatewayWorld(upstream.Address);
        var hashes = new[] { await world.AnswerAsync(), await world.AnswerAsync(GatewayWorld.Ask() with { IdempotencyKey = "other" }), await world.AnswerAsync(GatewayWorld.Ask("Other?")), await world.AnswerAsync(GatewayWorld.Ask() with { Seed = 1 }) };
        Assert.Equal(3, hashes.Select(answer => answer.RequestHash).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(hashes[0].RequestHash, hashes[1].RequestHash);
        Assert.Matches("^[0-9a-f]{64}$", hashes[0].RequestHash);
    }

    [Fact]
    public async Task A_model_that_is_not_configured_is_named_with_its_neighbours()
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var error = await world.FailAsync(GatewayWorld.Ask(model: "tset/model"));
        Assert.Equal("data_validation", error.Error.Class);
        Assert.StartsWith("There is no model 'tset/model' here. Nearest are: test/model, ", error.Error.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_configured_default_the_built_in_model_answers_and_nothing_is_sent()
    {
        using var world = new GatewayWorld(new Uri("http://127.0.0.1:1"));
        var answer = await world.AnswerAsync(GatewayWorld.Ask("<question>How many parcels were late?</question><text>The sun shone. Three parcels were late on Monday. Nobody minded.</text>", model: null));
        Assert.Equal(("baton/extract", "Three parcels were late on Monday."), (answer.Model, answer.Text));
    }

    [Fact]
    public async Task The_answer_is_bounded_by_the_configured_most_tokens()
    {
        var bodies = new List<JqValue>();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            bodies.Add(JqValue.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync()));
            await Replies.WholeAsync(http, "Three.");
        });
        using var world = new GatewayWorld(upstream.Address, model => (model.MaxOutputTokens, model.MaxTokensField, model.Stream) = (50, "max_completion_tokens", false));
        await world.AnswerAsync();
        await world.AnswerAsync(GatewayWorld.Ask() with { MaxTokens = 20 });
        await world.AnswerAsync(GatewayWorld.Ask() with { MaxTokens = 200 });
        Assert.Equal("[50,20,50]", JqValue.Array([.. bodies.Select(body => body["max_completion_tokens"])]).ToJson());
        Assert.All(bodies, body => Assert.Equal("false", body["stream"].ToJson()));
    }

    [Fact]
    public async Task Another_target_takes_over_from_one_that_fails()
    {
        await using var broken = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}", 503));
        await using var good = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        using var world = new GatewayWorld(good.Address, model =>
        {
            (model.BaseUrl, model.ApiKeyFile, model.Strategy) = (null, null, "priority");
            model.Targets = [new() { BaseUrl = new Uri(broken.Address, "/v1").ToString() }, new() { BaseUrl = new Uri(good.Address, "/v1").ToString() }];
        });
        Assert.True(world.Validate().Succeeded, world.Validate().FailureMessage);
        Assert.Equal("Three.", (await world.AnswerAsync()).Text);
    }

    [Theory]
    [InlineData("anthropic", "/v1/messages", true)]
    [InlineData("anthropic", "/v1/messages", false)]
    [InlineData("ollama", "/v1/api/chat", true)]
    [InlineData("ollama", "/v1/api/chat", false)]
    public async Task A_model_of_another_dialect_is_asked_in_its_own(string dialect, string path, bool isStream)
    {
        var (seen, asked) = ("", "");
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            (asked, seen) = (http.Request.Path, await new StreamReader(http.Request.Body).ReadToEndAsync());
            if (!isStream) await Replies.JsonAsync(http, dialect == "ollama" ? Exchanges.OllamaWhole : Exchanges.AnthropicWhole);
            else await Replies.StreamAsync(http, dialect == "ollama" ? Exchanges.OllamaText : Exchanges.AnthropicText);
        });
        using var world = new GatewayWorld(upstream.Address, model => (model.Dialect, model.Stream) = (dialect, isStream));
        var said = new List<string>();
        var answer = await world.AnswerAsync(GatewayWorld.Ask() with { Messages = [ModelMessage.System("Be brief."), ModelMessage.User("How many parcels were late?")], Temperature = 0.5 }, (text, _) =>
        {
            said.Add(text);
            return ValueTask.CompletedTask;
        });
        Assert.Equal(("Three were late.", "stop", path), (answer.Text, answer.FinishReason, asked));
        Assert.Equal("Three were late.", string.Concat(said));
        Assert.Equal((25, 9), (answer.Usage.PromptTokens, answer.Usage.CompletionTokens));
        Assert.Contains("Be brief.", seen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_schema_reaches_a_model_of_another_dialect_as_a_tool_and_comes_back_as_the_output()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Exchanges.AnthropicFormatTool));
        using var world = new GatewayWorld(upstream.Address, model => (model.Dialect, model.StructuredOutput) = ("anthropic", "tool"));
        var schema = Baton.Jq.JqValue.Parse("""{"type":"object","required":["late"],"properties":{"late":{"type":"integer","minimum":0}}}""");
        Assert.Equal("""{"late":3}""", (await world.AnswerAsync(GatewayWorld.Ask() with { Schema = schema })).Output!.Value.ToJson());
    }
}
