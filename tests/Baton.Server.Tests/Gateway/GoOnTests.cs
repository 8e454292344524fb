using System.Text;
using Baton.Client;
using Baton.Jq;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>An answer that breaks off at one target, and that another goes on with.</summary>
public sealed class GoOnTests
{
    private const string AskMessages = """{"model":"m","max_tokens":50,"stream":true,"messages":[{"role":"user","content":"hi"}]}""";

    private static string Prefill(int target) => $"Targets:{target}:Prefill";

    [Theory]
    [InlineData("assistant", """{"role":"assistant","content":"Three were"}""", "")]
    [InlineData("prefix", """{"role":"assistant","content":"Three were","prefix":true}""", "")]
    [InlineData("continue_final_message", """{"role":"assistant","content":"Three were"}""", ""","continue_final_message":true,"add_generation_prompt":false""")]
    public async Task The_beginning_is_put_behind_the_request_in_the_targets_words_and_the_rest_of_it_stays(string prefill, string last, string more)
    {
        var asked = "";
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk("Three "), Replies.Chunk("were")));
        await using var other = await WebServer.StartAsync(async http =>
        {
            asked = await BodyAsync(http);
            await Replies.StreamAsync(http, Replies.Chunk(" late"), Replies.Chunk("."), Replies.Finish(), Replies.Usage, Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(1), prefill), ("Targets:1:Model", "their-m"), ("Targets:1:StreamUsage", "false"));
        var reply = await world.SendAsync(ForwardWorld.Ask(""","stream":true,"max_tokens":100,"top_k":3,"chat_template_kwargs":{"x":1}"""));
        Assert.Equal("Three were late.", TextOf(Dialect.OpenAi, reply.Body, out var isWhole));
        Assert.True(isWhole);
        Assert.EndsWith(Replies.Done, reply.Body, StringComparison.Ordinal);
        Assert.Equal(JqValue.Parse($$"""{"model":"their-m","stream":true,"max_tokens":98,"top_k":3,"chat_template_kwargs":{"x":1},"messages":[{"role":"user","content":"hi"},{{last}}]{{more}}}"""), JqValue.Parse(asked));
    }

    [Theory]
    [InlineData("openai", "anthropic")]
    [InlineData("anthropic", "openai")]
    [InlineData("anthropic", "ollama")]
    [InlineData("anthropic", "anthropic")]
    [InlineData("ollama", "openai")]
    public async Task A_target_of_any_dialect_goes_on_with_one_of_any_other_in_the_callers_own(string one, string another)
    {
        var (first, second) = (Enum.Parse<Dialect>(one, ignoreCase: true), Enum.Parse<Dialect>(another, ignoreCase: true));
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Beginning(first)));
        await using var other = await WebServer.StartAsync(http => PiecesAsync(http, second, Whole(second)));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], ("Targets:0:Dialect", one), ("Targets:1:Dialect", another), (Prefill(1), "assistant"));
        var chat = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(("Three were late.", true), (TextOf(Dialect.OpenAi, chat.Body, out var isChatWhole), isChatWhole));
        var messages = await world.SendAsync(AskMessages, "/v1/messages");
        Assert.Equal(("Three were late.", true), (TextOf(Dialect.Anthropic, messages.Body, out var isWhole), isWhole));
        Assert.Equal((1, 1, 1), (Count(messages.Body, "\"message_start\""), Count(messages.Body, "\"content_block_start\""), Count(messages.Body, "\"content_block_stop\"")));
        var response = await world.SendAsync("""{"model":"m","input":"hi","stream":true,"store":false}""", "/v1/responses");
        if (first == Dialect.OpenAi) return;   // it speaks that itself: nobody else can go on with it
        Assert.Contains("\"response.completed\"", response.Body, StringComparison.Ordinal);
        Assert.Contains("\"text\":\"Three were late.\"", response.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Others_go_on_until_one_comes_to_the_end()
    {
        await using var first = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk("Three ")));
        await using var down = await WebServer.StartAsync(http => Replies.JsonAsync(http, "{}", 500));
        await using var second = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk("were ")));
        await using var third = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("late."), Replies.Finish(), Replies.Done));
        await using var world = await ForwardWorld.StartAsync([first.Address, down.Address, second.Address, third.Address], (Prefill(1), "assistant"), (Prefill(2), "assistant"), (Prefill(3), "assistant"));
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(("Three were late.", true), (TextOf(Dialect.OpenAi, reply.Body, out var isWhole), isWhole));
    }

    [Theory]
    [InlineData("Three ", " were", "Three were")]
    [InlineData("Three ", "were", "Three were")]
    [InlineData("Three\n\n", "\nwere", "Three\n\nwere")]
    public async Task Spaces_at_the_place_where_it_broke_are_said_once(string before, string after, string expected)
    {
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk(before)));
        await using var other = await WebServer.StartAsync(http => Replies.StreamAsync(http, [.. after.Select(c => Replies.Chunk(c.ToString())), Replies.Finish(), Replies.Done]));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(1), "prefix"));
        Assert.Equal(expected, TextOf(Dialect.OpenAi, (await world.SendAsync(ForwardWorld.AskStream)).Body, out _));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_target_says_of_its_error_is_heard_only_if_nobody_goes_on(bool isAtOnce)
    {
        var error = Replies.Data("""{"error":{"message":"out of memory","type":"server_error"}}""");
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, isAtOnce ? [Replies.Chunk("Th") + Replies.Chunk("ree") + error] : [Replies.Chunk("Th"), Replies.Chunk("ree"), error]));
        await using var other = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk(" late."), Replies.Finish(), Replies.Done));
        await using (var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(1), "prefix")))
        {
            var reply = await world.SendAsync(ForwardWorld.AskStream);
            Assert.Equal("Three late.", TextOf(Dialect.OpenAi, reply.Body, out _));
            Assert.DoesNotContain("out of memory", reply.Body, StringComparison.Ordinal);
        }
        await using (var alone = await ForwardWorld.StartAsync([broken.Address], (Prefill(0), "prefix")))
        {
            Assert.Contains("out of memory", (await alone.SendAsync(ForwardWorld.AskStream)).Body, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_error_in_no_shape_that_is_known_is_told_and_accounted_for()
    {
        await using var broken = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("Th") + "event: error\ndata: overloaded\n\n"));
        await using var world = await ForwardWorld.StartAsync([broken.Address], (Prefill(0), "prefix"), ("Usage:WriteInterval", "00:00:00.010"));
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.StartsWith(Replies.Chunk("Th") + "data: {\"error\":{\"type\":\"api_error\",\"message\":\"overloaded\"", reply.Body, StringComparison.Ordinal);
        IReadOnlyList<UsageRequestView> calls = [];
        await Eventually.IsTrueAsync(async () => (calls = (await world.Server.Client.Usage.ListAsync([], TestContext.Current.CancellationToken)).Items).Count == 1);
        Assert.Equal("broken", calls[0].Outcome);
    }

    [Theory]
    [InlineData("""{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{\"a\":"}}]}""", "")]
    [InlineData("""{"reasoning_content":"Let me see"}""", "")]
    [InlineData("""{"content":"{\"late\":"}""", ""","response_format":{"type":"json_object"}""")]
    [InlineData("""{"content":"Three"}""", ""","n":2""")]
    public async Task Half_a_call_a_thought_or_a_format_is_not_gone_on_with(string delta, string rest)
    {
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Replies.Data($$"""{"choices":[{"index":0,"delta":{{delta}}}]}""")));
        await using var other = await WebServer.StartAsync(_ => throw new InvalidOperationException("it must not be asked"));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(1), "prefix"));
        Assert.Contains("stream_interrupted", (await world.SendAsync(ForwardWorld.Ask($",\"stream\":true{rest}"))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_without_the_setting_is_not_asked_to()
    {
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk("Three")));
        await using var other = await WebServer.StartAsync(_ => throw new InvalidOperationException("it must not be asked"));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(0), "prefix"));
        Assert.Contains("stream_interrupted", (await world.SendAsync(ForwardWorld.AskStream)).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_parts_are_paid_for()
    {
        await using var broken = await WebServer.StartAsync(http => BreakAsync(http, Replies.Chunk("a"), Replies.Chunk("b"), Replies.Chunk("c")));
        await using var other = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("d"), Replies.Finish(), Replies.Usage, Replies.Done));
        await using var world = await ForwardWorld.StartAsync([broken.Address, other.Address], (Prefill(1), "prefix"), ("Targets:0:Price:Output", "1000000"), ("Targets:1:Price:Output", "10000000"), ("Usage:WriteInterval", "00:00:00.010"));
        await world.SendAsync(ForwardWorld.AskStream);
        IReadOnlyList<UsageRequestView> calls = [];
        await Eventually.IsTrueAsync(async () => (calls = (await world.Server.Client.Usage.ListAsync([], TestContext.Current.CancellationToken)).Items).Count == 2);
        Assert.Equal([("t0", "broken", true, 3L, 3L), ("t1", "completed", false, 7L, 70L)], calls.Select(call => (call.Target, call.Outcome, call.Estimated, call.Tokens.Output, call.CostMicros)).Order());
    }

    private static async Task BreakAsync(HttpContext http, params string[] parts)
    {
        await PiecesAsync(http, parts[0].StartsWith('{') ? Dialect.Ollama : Dialect.OpenAi, parts);
        await http.Response.CompleteAsync();
    }

    private static Task PiecesAsync(HttpContext http, Dialect dialect, params string[] parts) => Replies.PiecesAsync(http, dialect == Dialect.Ollama ? "application/x-ndjson" : "text/event-stream", parts);

    private static async Task<string> BodyAsync(HttpContext http) => await new StreamReader(http.Request.Body).ReadToEndAsync();

    private static string[] Beginning(Dialect dialect) => dialect switch
    {
        Dialect.Anthropic =>
        [
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"claude\",\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Three \"}}\n\n",
        ],
        Dialect.Ollama => ["{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"Three \"},\"done\":false}\n"],
        _ => [Replies.Chunk("Three ")],
    };

    private static string[] Whole(Dialect dialect) => dialect switch
    {
        Dialect.Anthropic =>
        [
            "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_2\",\"model\":\"claude\",\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
            "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n",
            "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"were late.\"}}\n\n",
            "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
            "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":4}}\n\n",
            "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        ],
        Dialect.Ollama => ["{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"were late.\"},\"done\":false}\n", "{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":7,\"eval_count\":4}\n"],
        _ => [Replies.Chunk("were late."), Replies.Finish(), Replies.Done],
    };

    private static string TextOf(Dialect dialect, string body, out bool isWhole)
    {
        var events = new List<AnswerEvent>();
        EventReader.For(dialect, "1").Read(Encoding.UTF8.GetBytes(body), events);
        isWhole = events.Exists(one => one is AnswerEvent.Stop { Reason: StopReason.Done }) && events[^1] is AnswerEvent.End;
        return string.Concat(events.OfType<AnswerEvent.Text>().Select(text => text.Value));
    }

    private static int Count(string text, string part) => text.Split(part).Length - 1;
}
