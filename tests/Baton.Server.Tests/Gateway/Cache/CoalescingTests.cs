using System.Text;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>Identical calls that are under way at the same time share one.</summary>
public sealed class CoalescingTests
{
    private static readonly (string, string) On = ("Cache:Coalesce", "true");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static string Ask { get; } = ForwardWorld.Ask(""","temperature":0""");

    private static string AskStream { get; } = ForwardWorld.Ask(""","temperature":0,"stream":true""");

    [Fact]
    public async Task Many_identical_calls_are_one_for_the_target()
    {
        var (asked, goOn) = (0, Signal());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var number = Interlocked.Increment(ref asked);
            await goOn.Task;
            await Replies.WholeAsync(http, $"Answer {number}");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On);
        var all = Enumerable.Range(0, 20).Select(_ => world.SendAsync(Ask)).ToList();
        await ListenersAsync(world, 20);
        goOn.SetResult();
        var replies = await Task.WhenAll(all);
        Assert.Equal((1, 1), (asked, replies.Select(reply => reply.Body).Distinct().Count()));
        Assert.Equal((1, 19), (replies.Count(reply => reply["x-baton-cache"] == "miss"), replies.Count(reply => reply["x-baton-cache"] == "coalesced")));
        Assert.Equal(20, replies.Select(reply => reply["x-baton-request-id"]).Distinct().Count());
        Assert.Equal("miss", (await world.SendAsync(Ask))["x-baton-cache"]);   // without a Ttl nothing is kept
    }

    [Fact]
    public async Task Calls_that_are_to_have_their_own_do()
    {
        var (asked, goOn) = (0, Signal());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            if (Interlocked.Increment(ref asked) == 4) goOn.SetResult();
            await goOn.Task;
            await Replies.WholeAsync(http, "Three.");
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Cache:Ttl", "00:10:00"), ("Cache:Coalesce", "false"));
        var replies = await Task.WhenAll(world.SendAsync(Ask), world.SendAsync(Ask), world.SendAsync(Ask, headers: [("x-baton-cache", "bypass")]), world.SendAsync(Ask, headers: [("x-baton-cache", "refresh")]));
        Assert.Equal(["miss", "miss", "bypass", "miss"], replies.Select(reply => reply["x-baton-cache"]));
    }

    [Fact]
    public async Task One_who_comes_late_gets_the_start_of_a_stream_and_its_tail_though_the_first_has_left()
    {
        var goOn = Signal();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            await goOn.Task;
            await http.Response.WriteAsync(Replies.Chunk(" two") + Replies.Finish() + Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On);
        var first = await world.OpenAsync(AskStream);
        using var second = await world.OpenAsync(AskStream);
        Assert.Equal(("miss", "coalesced"), (first.Headers.GetValues("x-baton-cache").Single(), second.Headers.GetValues("x-baton-cache").Single()));
        first.Dispose();
        await ListenersAsync(world, 1);
        goOn.SetResult();
        Assert.Equal(Replies.Chunk("One") + Replies.Chunk(" two") + Replies.Finish() + Replies.Done, await second.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task The_last_one_who_leaves_cancels_the_call_of_the_target_and_the_next_begins_anew()
    {
        var (asked, left) = (0, Signal());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            if (Interlocked.Increment(ref asked) > 1)
            {
                await Replies.StreamAsync(http, Replies.Chunk("Three."), Replies.Done);
                return;
            }
            http.RequestAborted.Register(left.SetResult);
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            await left.Task;
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On);
        var (first, second) = (await world.OpenAsync(AskStream), await world.OpenAsync(AskStream));
        second.Dispose();
        await ListenersAsync(world, 1);
        Assert.False(left.Task.IsCompleted);
        first.Dispose();
        await left.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(Replies.Chunk("Three.") + Replies.Done, (await world.SendAsync(AskStream)).Body);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(503)]
    public async Task An_error_reaches_all_in_the_same_words(int status)
    {
        var (asked, goOn) = (0, Signal());
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            Interlocked.Increment(ref asked);
            await goOn.Task;
            http.Response.Headers.RetryAfter = "7";
            await Replies.JsonAsync(http, """{"error":{"message":"no"}}""", status);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On, ("Cache:Ttl", "01:00:00"));
        var all = Enumerable.Range(0, 5).Select(_ => world.SendAsync(Ask)).ToList();
        await ListenersAsync(world, 5);
        goOn.SetResult();
        foreach (var reply in await Task.WhenAll(all)) Assert.Equal((status, """{"error":{"message":"no"}}""", "7"), (reply.Status, reply.Body, reply["Retry-After"]));
        Assert.Equal(1, asked);
        Assert.Equal(status, (await world.SendAsync(Ask)).Status);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task A_stream_that_breaks_breaks_for_all_with_the_same_event()
    {
        var goOn = Signal();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            await goOn.Task;
            http.Abort();
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On);
        using var first = await world.OpenAsync(AskStream);   // it has begun: what is aborted at once may never arrive
        var others = Enumerable.Range(0, 2).Select(_ => world.SendAsync(AskStream)).ToList();
        await ListenersAsync(world, 3);
        goOn.SetResult();
        var bodies = (await Task.WhenAll(others)).Select(reply => reply.Body).Append(await first.Content.ReadAsStringAsync(Cancel)).Distinct().ToList();
        Assert.Contains("\"code\":\"stream_interrupted\"", Assert.Single(bodies), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200, "completed", "cached")]
    [InlineData(400, "refused", "refused")]
    [InlineData(500, "failed", "failed")]
    [InlineData(0, "broken", "broken")]   // a stream that breaks
    public async Task Each_call_is_accounted_for_by_what_came_of_it(int status, string first, string other)
    {
        var goOn = Signal();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            if (status == 0) await Replies.StreamAsync(http, Replies.Chunk("One"));
            await goOn.Task;
            if (status == 200) await Replies.StreamAsync(http, Replies.Chunk("One"), Replies.Done);
            else if (status != 0) await Replies.JsonAsync(http, "{}", status);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On, ("Usage:WriteInterval", "00:00:00.010"));
        var all = Enumerable.Range(0, 2).Select(_ => world.SendAsync(AskStream)).ToList();
        await ListenersAsync(world, 2);
        goOn.SetResult();
        await Task.WhenAll(all);
        await Eventually.IsTrueAsync(async () => (await world.Server.Client.Usage.ListAsync([], Cancel)).Items.Select(call => call.Outcome).Order().SequenceEqual(new[] { first, other }.Order()));
    }

    [Theory]
    [InlineData("breaks off")]
    [InlineData("is too slow")]
    [InlineData("refuses slowly")]
    public async Task Time_that_a_target_takes_to_fail_is_not_the_gateways_own(string how)
    {
        var time = new ManualTime();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            if (how == "refuses slowly")
            {
                http.Response.StatusCode = 503;
                await http.Response.Body.FlushAsync();
            }
            time.Advance(how == "is too slow" ? TimeSpan.FromMinutes(3) : TimeSpan.FromSeconds(5));
            if (how == "breaks off") http.Abort();
        });
        using var world = new CacheWorld(upstream.Address, time, static _ => { });
        var answer = await world.AskAsync(Ask);
        Assert.Equal((how == "is too slow" ? 504 : how == "breaks off" ? 502 : 503, "0"), (answer.Status, answer.Headers["x-baton-overhead-us"].ToString()));
    }

    [Fact]
    public void What_a_call_has_waited_is_not_the_gateways_own_time_in_those_that_ask_in_its_place_or_beside_it_either()
    {
        var time = new ManualTime();
        var call = new GatewayCall(Surface.ChatCompletions, GatewayWorld.Origin, new HeaderDictionary(), time, Cancel) { Answer = new AnswerRecording(1) };
        var since = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(5));
        call.Waited(since);
        foreach (var asked in new[] { call.Beside(new AnswerRecording(1), Cancel), call.Detach(new AnswerRecording(1), Cancel) })
        {
            asked.Begin(200, length: null);
            Assert.Equal("0", asked.Answer.Headers["x-baton-overhead-us"].ToString());
        }
    }

    [Fact]
    public async Task A_client_that_does_not_read_holds_nobody_up_and_is_told_that_it_lost_the_rest()
    {
        const int Pieces = 1500;   // 30 MB: more than any socket holds
        var (step, piece) = (new SemaphoreSlim(0), Replies.Chunk(new string('x', 20_000)));
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            for (var i = 0; i < Pieces; i++)
            {
                await step.WaitAsync(http.RequestAborted);
                await http.Response.WriteAsync(piece);
            }
            await http.Response.WriteAsync(Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], On, ("Gateway:Cache:MaxAnswerBytes", "200000"));
        using var idle = await world.OpenAsync(AskStream);
        using var eager = await world.OpenAsync(AskStream);
        await using (var body = await eager.Content.ReadAsStreamAsync(Cancel))
        {
            var heard = new byte[piece.Length];
            await body.ReadExactlyAsync(heard.AsMemory(0, Encoding.UTF8.GetByteCount(Replies.Chunk("One"))), Cancel);
            for (var i = 0; i < Pieces; i++)
            {
                step.Release();   // never far behind the target
                await body.ReadExactlyAsync(heard, Cancel);
                Assert.Equal(piece, Encoding.UTF8.GetString(heard));
            }
            Assert.Equal(Replies.Done, await new StreamReader(body).ReadToEndAsync(Cancel));
        }
        var rest = await idle.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("This client read so slowly", rest, StringComparison.Ordinal);
        Assert.StartsWith(Replies.Chunk("One"), rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_stays_gets_exactly_the_targets_bytes_whoever_comes_and_goes()
    {
        var random = new Random(17);
        for (var round = 0; round < 5; round++)
        {
            var pieces = Enumerable.Range(0, 200).Select(_ => Replies.Chunk(new string((char)random.Next('a', 'z'), random.Next(1, 400)))).Append(Replies.Done).ToArray();
            var (step, calls) = (new SemaphoreSlim(1), 0);
            await using var upstream = await WebServer.StartAsync(async http =>
            {
                var isFirst = Interlocked.Increment(ref calls) == 1;   // whoever comes after the end asks anew
                http.Response.ContentType = "text/event-stream";
                foreach (var piece in pieces)
                {
                    if (isFirst) await step.WaitAsync(http.RequestAborted);
                    await Replies.StreamAsync(http, piece);
                }
            });
            await using var world = await ForwardWorld.StartAsync([upstream.Address], On);
            using var first = await world.OpenAsync(AskStream);
            var clients = new List<Task<string?>> { ReadAsync(first) };
            for (var i = 1; i < pieces.Length; i++)
            {
                if (random.Next(6) == 0) clients.Add(ComeAsync(world, random.Next(2) == 0 ? random.Next(5_000) : null));
                if (random.Next(3) == 0) await Task.Yield();
                step.Release();
            }
            var all = string.Concat(pieces);
            foreach (var read in await Task.WhenAll(clients)) Assert.True(read is null || read == all);
            await Eventually.IsTrueAsync(() => world.Server.Get<AnswerCache>().UnderWay == (0, 0));
        }

        // Null for one that leaves.
        static async Task<string?> ComeAsync(ForwardWorld world, int? leavesAfter)
        {
            using var response = await world.OpenAsync(AskStream);
            if (leavesAfter is not { } bytes) return await ReadAsync(response);
            await using var body = await response.Content.ReadAsStreamAsync(Cancel);
            _ = await body.ReadAtLeastAsync(new byte[bytes + 1], bytes, throwOnEndOfStream: false, Cancel);
            return null;
        }

        static async Task<string?> ReadAsync(HttpResponseMessage response) => await response.Content.ReadAsStringAsync(Cancel);
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static async Task ListenersAsync(ForwardWorld world, int count)
    {
        var cache = world.Server.Get<AnswerCache>();
        await Eventually.IsTrueAsync(() => cache.UnderWay.Listeners == count);
    }
}
