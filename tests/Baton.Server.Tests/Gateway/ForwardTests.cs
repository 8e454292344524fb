using System.Text;
using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>What applications see of the gateway when all is well.</summary>
public sealed class ForwardTests
{
    [Fact]
    public async Task Every_byte_but_the_models_name_reaches_the_target_as_it_came()
    {
        var (seen, headers) = ("", new HeaderDictionary());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            foreach (var header in http.Request.Headers) headers[header.Key] = header.Value;
            seen = $"{http.Request.Method} {http.Request.Path} {await new StreamReader(http.Request.Body).ReadToEndAsync()}";
            await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Model", "org/\"big\" model"));

        var reply = await world.SendAsync("""{ "unknown" : {"b":1.50, "a":[ ]},  "model" : "m" ,"messages":[{"role":"user","content":"ünï\u00e9"}] }""", headers: [("OpenAI-Beta", "x=1"), ("OpenAI-Organization", "org-of-the-caller"), ("Cookie", "a=b"), ("X-Other", "1")]);

        Assert.Equal(200, reply.Status);
        Assert.Equal("""POST /v1/chat/completions { "unknown" : {"b":1.50, "a":[ ]},  "model" : "org/\u0022big\u0022 model" ,"messages":[{"role":"user","content":"ünï\u00e9"}] }""", seen);
        Assert.Equal($"Bearer {ForwardWorld.Key}", headers["Authorization"].ToString());
        Assert.Equal("x=1", headers["OpenAI-Beta"].ToString());
        Assert.DoesNotContain("OpenAI-Organization", headers.Keys);
        Assert.DoesNotContain("Cookie", headers.Keys);
        Assert.DoesNotContain("X-Other", headers.Keys);
    }

    [Fact]
    public async Task The_answer_comes_back_as_it_is_and_explains_its_way()
    {
        const string Answer = """{ "id":"c1",   "strange": [1,2 , 3] }""";
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.Response.Headers["x-ratelimit-remaining-requests"] = "41";
            http.Response.Headers.SetCookie = "a=b";
            http.Response.Headers["openai-organization"] = "org-of-the-key";
            await Replies.JsonAsync(http, Answer);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var reply = await world.SendAsync(ForwardWorld.Ask());
        Assert.Equal((200, Answer, "application/json"), (reply.Status, reply.Body, reply.Type));
        Assert.Equal("41", reply["x-ratelimit-remaining-requests"]);
        Assert.False(reply.Headers.Contains("Set-Cookie") || reply.Headers.Contains("openai-organization"));
        Assert.StartsWith("req_", reply["x-baton-request-id"], StringComparison.Ordinal);
        Assert.Equal(("m/t0", "1"), (reply["x-baton-route"], reply["x-baton-attempts"]));
        Assert.InRange(long.Parse(reply["x-baton-overhead-us"]), 0, 60_000_000);
    }

    [Theory]
    [InlineData("/v1/completions", "/v1/completions")]
    [InlineData("/v1/embeddings", "/v1/embeddings")]
    [InlineData("/v1/responses", "/v1/responses")]
    public async Task Other_paths_of_the_dialect_go_through_as_well(string asked, string wanted)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, $$"""{"path":"{{http.Request.Path}}"}"""));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        Assert.Equal($$"""{"path":"{{wanted}}"}""", (await world.SendAsync("""{"model":"m","input":"a"}""", asked)).Body);
    }

    [Fact]
    public async Task Anthropics_dialect_has_its_own_key_header_and_version()
    {
        var headers = new HeaderDictionary();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            foreach (var header in http.Request.Headers) headers[header.Key] = header.Value;
            await Replies.JsonAsync(http, $$"""{"path":"{{http.Request.Path}}"}""");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Targets:0:Dialect", "anthropic"));
        Assert.Equal("""{"path":"/v1/messages"}""", (await world.SendAsync(ForwardWorld.Ask(), "/v1/messages", ("anthropic-beta", "tools"))).Body);
        Assert.Equal((ForwardWorld.Key, "2023-06-01", "tools"), (headers["x-api-key"].ToString(), headers["anthropic-version"].ToString(), headers["anthropic-beta"].ToString()));

        var other = await world.SendAsync("""{"model":"m","input":"hi"}""", "/v1/embeddings");
        Assert.Equal(400, other.Status);
        Assert.Contains("do not speak the dialect of /v1/embeddings", other.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_comes_event_by_event_while_the_target_still_speaks()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, ": ping\n\n", Replies.Chunk("One"));
            await goOn.Task;
            await http.Response.WriteAsync(Replies.Chunk(" two") + Replies.Finish() + Replies.Usage + Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        using var response = await world.OpenAsync(ForwardWorld.Ask(""","stream":true,"stream_options":{"include_usage":true}"""));
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var first = $": ping\n\n{Replies.Chunk("One")}";
        var read = new byte[Encoding.UTF8.GetByteCount(first)];
        await body.ReadExactlyAsync(read, TestContext.Current.CancellationToken);
        Assert.Equal(first, Encoding.UTF8.GetString(read));
        goOn.SetResult();
        Assert.Equal(Replies.Chunk(" two") + Replies.Finish() + Replies.Usage + Replies.Done, await new StreamReader(body).ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_answer_larger_than_any_buffer_goes_through_whole()
    {
        var large = new string('x', 3_000_000);
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, large));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        Assert.Equal(Replies.Completion(large), (await world.SendAsync(ForwardWorld.Ask())).Body);
    }

    [Fact]
    public async Task An_event_larger_than_any_buffer_goes_through_whole()
    {
        var large = Replies.Chunk(new string('x', 300_000));
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("a"), large, Replies.Done));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        Assert.Equal(Replies.Chunk("a") + large + Replies.Done, (await world.SendAsync(ForwardWorld.AskStream)).Body);
    }

    [Fact]
    public async Task However_the_network_splits_the_bytes_the_stream_is_the_same()
    {
        var text = ": ping\n\n" + Replies.Chunk("Grüße 🚚") + Replies.Chunk("\\n").Replace("\n", "\r\n", StringComparison.Ordinal) + "event: x\rdata: {}\r\r" + Replies.Finish() + Replies.Done;
        var (bytes, random) = (Encoding.UTF8.GetBytes(text), new Random(11));
        await using var upstream = new RawServer(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
            var most = random.Next(3) switch { 0 => 1, 1 => 10, _ => 200 };
            for (var at = 0; at < bytes.Length;)
            {
                var take = Math.Min(random.Next(1, most + 1), bytes.Length - at);
                await connection.WriteAsync(bytes[at..(at + take)]);
                at += take;
            }
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        for (var i = 0; i < 30; i++) Assert.Equal(text, (await world.SendAsync(ForwardWorld.AskStream)).Body);
    }

    [Fact]
    public async Task A_ceiling_of_tokens_is_put_into_the_request()
    {
        var seen = new List<string>();
        await using var upstream = await Replies.HearingAsync(seen);
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("MaxOutputTokens", "100"));
        foreach (var tokens in (string[])["", ""","max_tokens":4000""", ""","max_tokens":7""", ""","max_completion_tokens":4000"""]) await world.SendAsync(ForwardWorld.Ask(tokens));
        const string messages = "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"model\":\"m\"";
        Assert.Equal([$$"""{"max_tokens":100,{{messages}}}""", $$"""{{{messages}},"max_tokens":100}""", $$"""{{{messages}},"max_tokens":7}""", $$"""{{{messages}},"max_completion_tokens":100}"""], seen);
    }

    [Theory]
    [InlineData(""","max_completion_tokens":4000,"max_tokens":1""", ""","max_completion_tokens":100,"max_tokens":1""")]
    [InlineData(""","max_tokens":4000,"max_completion_tokens":4000""", ""","max_tokens":100,"max_completion_tokens":100""")]
    [InlineData(""","max_tokens":4000.0""", ""","max_tokens":100""")]
    [InlineData(""","max_tokens":4e3""", ""","max_tokens":100""")]
    [InlineData(""","max_tokens":-1""", ""","max_tokens":100""")]
    [InlineData(""","max_tokens":null""", ""","max_tokens":100""")]
    [InlineData(""","n_predict":4000,"max_tokens":1""", ""","n_predict":100,"max_tokens":1""")]
    [InlineData(""","n_predict":7""", ""","n_predict":7""")]
    [InlineData(""","max_completion_tokens":null,"max_tokens":7""", ""","max_completion_tokens":null,"max_tokens":7""")]
    public async Task Whatever_a_request_says_of_its_most_tokens_the_ceiling_holds(string said, string sent)
    {
        var seen = new List<string>();
        await using var upstream = await Replies.HearingAsync(seen);
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("MaxOutputTokens", "100"));
        await world.SendAsync(ForwardWorld.Ask(said));
        Assert.Equal(ForwardWorld.Ask(sent), Assert.Single(seen));
    }

    [Theory]
    [InlineData("max_tokens", "\"4000\"")]
    [InlineData("max_tokens", "0.5")]
    [InlineData("max_tokens", "-2")]
    [InlineData("max_tokens", "{}")]
    [InlineData("max_completion_tokens", "1e400")]
    [InlineData("n_predict", "\"4000\"")]
    [InlineData("n", "\"3\"")]
    [InlineData("n", "2.5")]
    public async Task A_number_of_tokens_or_answers_that_cannot_be_read_is_refused(string member, string value)
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("MaxOutputTokens", "100"));
        var refused = await world.SendAsync(ForwardWorld.Ask($",\"{member}\":{value}"));
        var error = JsonElement.Parse(refused.Body).GetProperty("error");
        Assert.Equal((400, member), (refused.Status, error.GetProperty("param").GetString()));
        Assert.StartsWith($"'{member}' must be a whole number of ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_leaves_cancels_the_call_of_the_target()
    {
        var (asked, left) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.RequestAborted.Register(left.SetResult);
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            asked.SetResult();
            await left.Task;
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        using (await world.OpenAsync(ForwardWorld.AskStream)) await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await left.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Models_are_listed_in_the_words_of_whoever_asks()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9/")]);
        var list = (await world.Server.GetAsync("/v1/models")).Ok();
        Assert.Equal(["baton/echo", "baton/extract", "m"], list["data"].EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("m", (await world.Server.GetAsync("/v1/models/M")).Ok()["id"].GetString());
        Assert.Equal("baton/echo", (await world.Server.GetAsync("/v1/models/baton/echo")).Ok()["id"].GetString());
        Assert.Equal("baton/echo", (await world.Server.GetAsync("/v1/models/baton%2Fecho")).Ok()["id"].GetString());   // as the SDKs write it
        Assert.Equal(404, (await world.Server.GetAsync("/v1/models/none")).Status);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/models");
        request.Headers.Add("anthropic-version", "2023-06-01");
        Assert.Equal("model", (await world.Server.SendAsync(request)).Ok()["data"][0].GetProperty("type").GetString());
    }
}
