using System.Globalization;
using System.Text.Json;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>Answers that are given to questions that are only alike. Embeddings here have two numbers: the test says which way a question points.</summary>
public sealed class SimilarTests
{
    private static readonly (string, string)[] Settings = [("Cache:Ttl", "01:00:00"), ("Cache:Similar:Model", "e"), ("Cache:Similar:Threshold", "0.95"), ("Usage:WriteInterval", "00:00:00.010")];

    [Theory]
    [InlineData("How many parcels are late today? [10]", "hit")]     // cos 10° = 0.985
    [InlineData("How many parcels came today? [40]", "miss")]        // cos 40° = 0.766
    [InlineData("How many parcels are late? [x]", "miss")]           // no embedding to be had
    public async Task A_question_that_is_alike_gets_the_answer(string second, string expected)
    {
        await using var world = await World.StartAsync();
        Assert.Equal("miss", (await world.AskAsync("How many parcels are late? [0]"))["x-baton-cache"]);
        var reply = await world.AskAsync(second);
        Assert.Equal((expected, expected == "hit" ? "Answer 1" : "Answer 2"), (reply["x-baton-cache"], World.TextOf(reply.Body)));
        Assert.Equal(expected == "hit", reply.Headers.Contains("x-baton-cache-similarity"));
        if (expected == "hit") Assert.Equal(0.9848, double.Parse(reply["x-baton-cache-similarity"], CultureInfo.InvariantCulture), 4);
    }

    [Theory]
    [InlineData("""{"model":"m","temperature":0,"messages":[{"role":"system","content":"Be rude."},{"role":"user","content":"Late? [0]"}]}""")]
    [InlineData("""{"model":"m","temperature":0,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hi"},{"role":"user","content":"Late? [0]"}]}""")]
    [InlineData("""{"model":"m","temperature":0,"max_tokens":5,"messages":[{"role":"user","content":"Late? [0]"}]}""")]
    [InlineData("""{"model":"m","temperature":0,"stream":true,"messages":[{"role":"user","content":"Late? [0]"}]}""")]
    [InlineData("""{"model":"m","temperature":0,"messages":[{"role":"user","content":[{"type":"text","text":"Late? [0]"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]}]}""")]
    public async Task All_but_the_last_words_has_to_be_the_same(string other)
    {
        await using var world = await World.StartAsync();
        await world.AskAsync("Late? [1]");
        Assert.Equal("miss", (await world.Forward.SendAsync(other))["x-baton-cache"]);
    }

    [Fact]
    public async Task The_same_question_needs_no_comparison_and_a_refresh_none_either()
    {
        await using var world = await World.StartAsync();
        await world.AskAsync("Late? [0]");
        Assert.Equal((1, 1), (world.Asked, world.Compared));
        Assert.Equal("hit", (await world.AskAsync("Late? [0]"))["x-baton-cache"]);
        Assert.Equal("miss", (await world.AskAsync("Late? [0]", "refresh"))["x-baton-cache"]);
        Assert.Equal((2, 1), (world.Asked, world.Compared));
        Assert.Equal("bypass", (await world.AskAsync("Late? [0]", "bypass"))["x-baton-cache"]);
        Assert.Equal((3, 1), (world.Asked, world.Compared));
    }

    [Fact]
    public async Task Comparing_is_accounted_for_as_a_call_of_its_own()
    {
        await using var world = await World.StartAsync();
        await world.AskAsync("Late? [0]");
        await Eventually.IsTrueAsync(async () => (await world.Forward.Server.Client.Usage.ListAsync([], TestContext.Current.CancellationToken)).Items.Select(call => (call.Surface, call.Model)).Order().SequenceEqual([("/chat/completions", "m"), ("/embeddings", "e")]));
    }

    [Fact]
    public async Task An_embedding_that_fails_is_asked_for_once()
    {
        await using var world = await World.StartAsync(("Cache:Similar:Timeout", "00:01:00"));
        Assert.Equal("miss", (await world.AskAsync("Late? [x]"))["x-baton-cache"]);
        Assert.Equal((1, 1), (world.Asked, world.Compared));
    }

    [Fact]
    public async Task An_embedding_that_is_late_is_not_waited_for()
    {
        await using var world = await World.StartAsync(("Cache:Similar:Timeout", "00:00:00.050"));
        world.MayCompare = new TaskCompletionSource();
        Assert.Equal(("miss", 1), ((await world.AskAsync("Late? [0]"))["x-baton-cache"], world.Asked));
        await Eventually.IsTrueAsync(async () => (await world.Forward.Server.Client.Usage.ListAsync([], TestContext.Current.CancellationToken)).Items.Where(call => call.Surface == "/embeddings").Select(call => call.Outcome).SequenceEqual(["failed"]));
    }

    [Fact]
    public async Task Identical_calls_at_once_are_compared_once_and_share_what_is_found()
    {
        await using var world = await World.StartAsync(("Cache:Similar:Timeout", "00:01:00"));
        await world.AskAsync("Late? [0]");
        foreach (var (question, how) in new[] { ("Late today? [10]", new[] { "hit" }), ("Early? [90]", ["coalesced", "miss"]) })
        {
            world.MayCompare = new TaskCompletionSource();
            var all = Enumerable.Range(0, 5).Select(_ => world.AskAsync(question)).ToList();
            await Eventually.IsTrueAsync(() => world.Forward.Server.Get<AnswerCache>().UnderWay.Listeners == 5);
            world.MayCompare.SetResult();
            var replies = await Task.WhenAll(all);
            Assert.Equal(how, replies.Select(reply => reply["x-baton-cache"]).Distinct().Order());
            Assert.All(replies, reply => Assert.Equal((how[0] == "hit" ? "Answer 1" : "Answer 2", how[0] == "hit"), (World.TextOf(reply.Body), reply.Headers.Contains("x-baton-cache-similarity"))));
        }
        Assert.Equal((2, 3), (world.Asked, world.Compared));
    }

    [Fact]
    public async Task Who_wants_only_what_is_kept_makes_no_call_of_the_embeddings_model_either()
    {
        await using var world = await World.StartAsync();
        Assert.Equal(412, (await world.AskAsync("Late? [0]", "only-if-cached")).Status);
        await world.AskAsync("Late? [0]");
        Assert.Equal("hit", (await world.AskAsync("Late? [0]", "only-if-cached"))["x-baton-cache"]);
        Assert.Equal(412, (await world.AskAsync("Late? [1]", "only-if-cached")).Status);
        Assert.Equal((1, 1), (world.Asked, world.Compared));
    }

    [Fact]
    public void Only_so_many_questions_are_remembered_and_the_oldest_goes_first()
    {
        var (questions, rest) = (new AskedQuestions(2), Key(100));
        for (var i = 1; i <= 3; i++) questions.Add(rest, Direction(0), Key(i));
        Assert.Equal([Key(3), Key(2)], questions.Find(rest, Direction(0), 0.9).Select(one => one.Answer).OrderByDescending(key => key.Low));
        questions.Add(rest, Direction(90), Key(3));   // asked anew: it counts once
        Assert.Equal([Key(2)], questions.Find(rest, Direction(0), 0.9).Select(one => one.Answer));
        Assert.Empty(questions.Find(Key(101), Direction(0), 0.5));
        Assert.Empty(questions.Find(rest, [1, 0, 0], 0.5));   // of another model
        Assert.Null(AskedQuestions.Normal([0, 0]));
    }

    [Fact]
    public void The_nearest_comes_first_whatever_the_number_of_dimensions()
    {
        var random = new Random(5);
        foreach (var dimensions in new[] { 1, 7, 8, 33, 1536 })
        {
            var questions = new AskedQuestions(50);
            var all = Enumerable.Range(0, 50).Select(_ => AskedQuestions.Normal([.. Enumerable.Range(0, dimensions).Select(_ => (float)random.NextDouble())])!).ToList();
            for (var i = 0; i < all.Count; i++) questions.Add(Key(0), all[i], Key(i));
            var wanted = all.Select((vector, i) => (Key: Key(i), Cosine: vector.Zip(all[7], (a, b) => (double)a * b).Sum())).Where(one => one.Cosine >= 0.5).OrderByDescending(one => one.Cosine).ToList();
            var found = questions.Find(Key(0), all[7], 0.5);
            Assert.Equal(wanted.Count, found.Count);
            for (var i = 0; i < found.Count; i++) Assert.Equal(wanted[i].Cosine, found[i].Similarity, 4);
        }
    }

    [Theory]
    [InlineData("Cache:Similar:Model", "nowhere", "Gateway:Models:m:Cache:Similar:Model: there is no model 'nowhere'")]
    [InlineData("Cache:Similar:Threshold", "0.2", "Gateway:Models:m:Cache:Similar:Threshold")]
    [InlineData("Cache:Ttl", "00:00:00", "Gateway:Models:m:Cache:Similar is set, and Gateway:Models:m:Cache:Ttl is not")]
    public async Task Settings_that_cannot_be_meant_stop_the_server(string name, string value, string message)
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9")], [.. Settings.Where(one => one.Item1 != name), (name, value), ("Gateway:Models:e:BaseUrl", "http://127.0.0.1:9/v1")]));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static CacheKey Key(int number) => new(0, (UInt128)number);

    private static float[] Direction(double degrees) => [(float)Math.Cos(degrees * Math.PI / 180), (float)Math.Sin(degrees * Math.PI / 180)];

    private sealed class World : IAsyncDisposable
    {
        private WebServer upstream = null!;
        private int asked, compared;

        public ForwardWorld Forward { get; private set; } = null!;

        public int Asked => asked;

        public int Compared => compared;

        /// <summary>Done when embeddings are to be answered.</summary>
        public TaskCompletionSource MayCompare { get; set; } = new();

        public static async Task<World> StartAsync(params (string, string)[] settings)
        {
            var world = new World();
            world.MayCompare.SetResult();
            world.upstream = await WebServer.StartAsync(world.AnswerAsync);
            world.Forward = await ForwardWorld.StartAsync([world.upstream.Address], [.. Settings, .. settings, ("Gateway:Models:e:BaseUrl", new Uri(world.upstream.Address, "/v1").ToString())]);
            return world;
        }

        public Task<ForwardWorld.Reply> AskAsync(string question, string? wish = null) =>
            Forward.SendAsync($$"""{"model":"m","temperature":0,"messages":[{"role":"user","content":{{JsonSerializer.Serialize(question)}}}]}""", headers: wish is null ? [] : [("x-baton-cache", wish)]);

        public static string TextOf(string body) => JsonElement.Parse(body).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;

        public async ValueTask DisposeAsync()
        {
            await Forward.DisposeAsync();
            await upstream.DisposeAsync();
        }

        /// <summary>The number in brackets is the direction in degrees; without one there is no embedding.</summary>
        private async Task AnswerAsync(HttpContext http)
        {
            if (!http.Request.Path.Value!.EndsWith("/embeddings", StringComparison.Ordinal))
            {
                await Replies.WholeAsync(http, $"Answer {Interlocked.Increment(ref asked)}");
                return;
            }
            Interlocked.Increment(ref compared);
            await MayCompare.Task.WaitAsync(http.RequestAborted);
            var text = JsonElement.Parse(await new StreamReader(http.Request.Body).ReadToEndAsync()).GetProperty("input").GetString()!;
            if (double.TryParse(text[(text.IndexOf('[', StringComparison.Ordinal) + 1)..^1], CultureInfo.InvariantCulture, out var degrees))
            {
                await Replies.JsonAsync(http, $$$"""{"object":"list","data":[{"object":"embedding","index":0,"embedding":{{{JsonSerializer.Serialize(Direction(degrees).Select(value => value * 3))}}}}],"usage":{"prompt_tokens":5,"total_tokens":5}}""");
            }
            else await Replies.JsonAsync(http, "{}", 500);
        }
    }
}
