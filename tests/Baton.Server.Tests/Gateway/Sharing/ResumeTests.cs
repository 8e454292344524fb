using System.Text;
using System.Text.RegularExpressions;
using Baton.Client;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>Streams that are taken up again where their connection broke.</summary>
public sealed partial class ResumeTests
{
    private static readonly (string, string) Resumable = ("x-baton-resumable", "true");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_client_that_was_cut_off_gets_the_rest_and_the_live_tail()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            await Replies.StreamAsync(http, Replies.Chunk("One"), Replies.Chunk(" two"));
            await goOn.Task;
            await http.Response.WriteAsync(Replies.Chunk(" three") + Replies.Finish() + Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        string seen;
        using (var response = await world.OpenAsync(ForwardWorld.AskStream, headers: Resumable))
        {
            Assert.Equal("true", response.Headers.GetValues("x-baton-resumable").Single());
            await using var body = await response.Content.ReadAsStreamAsync(Cancel);
            seen = await ReadUntilAsync(body, 2);
        }
        Assert.Equal(Replies.Chunk("One") + Replies.Chunk(" two"), Id().Replace(seen, ""));
        using var again = await world.OpenAsync("", headers: ("Last-Event-ID", Ids(seen)[0]));
        goOn.SetResult();
        var rest = await again.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(Replies.Chunk(" two") + Replies.Chunk(" three") + Replies.Finish() + Replies.Done, Id().Replace(rest, ""));
        Assert.Equal(Ids(seen)[1], Ids(rest)[0]);
        Assert.Equal("text/event-stream", again.Content.Headers.ContentType!.MediaType);

        // And after its end, as long as it is kept.
        var end = await world.SendAsync("", headers: ("Last-Event-ID", Ids(rest)[^1]));
        Assert.Equal((200, ""), (end.Status, end.Body));
    }

    [Fact]
    public async Task Without_being_asked_for_ids_change_nothing()
    {
        var text = Replies.Chunk("One") + Replies.Done;
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, text));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var reply = await world.SendAsync(ForwardWorld.AskStream);
        Assert.Equal(text, reply.Body);
        Assert.False(reply.Headers.Contains("x-baton-resumable"));
        Assert.Equal(0, world.Server.Get<ResumableStreams>().Count);
    }

    [Fact]
    public async Task However_often_the_connection_breaks_the_whole_stream_arrives_once()
    {
        var random = new Random(3);
        var pieces = Enumerable.Range(0, 150).Select(i => i % 10 == 9 ? ": ping\n\n" : Replies.Chunk(new string((char)random.Next('a', 'z'), random.Next(1, 300)))).Append(Replies.Done).ToArray();
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            foreach (var piece in pieces)
            {
                await Replies.StreamAsync(http, piece);
                await Task.Yield();
            }
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        for (var round = 0; round < 5; round++)
        {
            var (got, last) = ("", (string?)null);
            for (var connections = 0; !got.EndsWith(Replies.Done, StringComparison.Ordinal); connections++)
            {
                Assert.True(connections < 10_000, "The stream does not come to its end.");
                using var response = last is null ? await world.OpenAsync(ForwardWorld.AskStream, headers: Resumable) : await world.OpenAsync("", headers: ("Last-Event-ID", last));
                await using var body = await response.Content.ReadAsStreamAsync(Cancel);
                var part = new byte[random.Next(1, 8_000)];
                var text = Encoding.UTF8.GetString(part, 0, await body.ReadAtLeastAsync(part, part.Length, throwOnEndOfStream: false, Cancel));
                if (Ids(text) is not [.., var latest]) continue;   // no event came whole
                last = latest;
                got += Id().Replace(text[..(text.LastIndexOf(latest, StringComparison.Ordinal) + latest.Length)] + "\n", "") + "\n";
            }
            Assert.Equal(string.Concat(pieces), got);
        }
    }

    [Fact]
    public async Task Another_tenant_another_key_and_another_address_find_nothing()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("One"), Replies.Done));
        await using var server = await TestServer.StartAsync(new TestServer.Settings
        {
            Keys = "acme:a:0123456789abcdef0123456789abcdef\nacme:b:1123456789abcdef0123456789abcdef\nglobex:a:2123456789abcdef0123456789abcdef",
            Values = { ["Gateway:Models:m:BaseUrl"] = new Uri(upstream.Address, "/v1").ToString() },
        });
        Task<Answer> SendAsync(char key, string path, params (string, string)[] headers) => server.PostAsync(path, ForwardWorld.AskStream, server.HttpClient($"{key}123456789abcdef0123456789abcdef"), headers);
        var id = Ids((await SendAsync('0', "/v1/chat/completions", Resumable)).Ok().Text)[0];
        var found = await SendAsync('0', "/v1/chat/completions", ("Last-Event-ID", id));
        Assert.Equal(Replies.Done, Id().Replace(found.Ok().Text, ""));
        foreach (var (key, path) in new[] { ('1', "/v1/chat/completions"), ('2', "/v1/chat/completions"), ('0', "/v1/completions") })
        {
            Assert.Equal("stream_not_found", (await SendAsync(key, path, ("Last-Event-ID", id))).Ok(404)["error"].GetProperty("code").GetString());
        }
        Assert.Equal(400, (await SendAsync('0', "/v1/chat/completions", ("Last-Event-ID", "17"))).Status);
    }

    [Fact]
    public async Task Another_key_of_the_same_name_finds_nothing()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("One"), Replies.Done));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var (one, other) = (await KeyAsync(), await KeyAsync());
        var id = Ids((await world.SendAsync(ForwardWorld.AskStream, headers: [one, Resumable])).Body)[0];
        Assert.Equal(404, (await world.SendAsync("", headers: [other, ("Last-Event-ID", id)])).Status);
        Assert.Equal(200, (await world.SendAsync("", headers: [one, ("Last-Event-ID", id)])).Status);

        async Task<(string, string)> KeyAsync() => ("Authorization", $"Bearer {(await world.Server.Client.Keys.CreateAsync(new CreateKey("twice"), Cancel)).Secret}");
    }

    [Fact]
    public async Task A_stream_that_breaks_is_accounted_for_as_broken_by_all_who_took_it_up()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, Replies.Chunk("One")));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Usage:WriteInterval", "00:00:00.010"));
        var id = Ids((await world.SendAsync(ForwardWorld.AskStream, headers: Resumable)).Body)[0];
        Assert.Contains("stream_interrupted", (await world.SendAsync("", headers: ("Last-Event-ID", id))).Body, StringComparison.Ordinal);
        await Eventually.IsTrueAsync(async () => (await world.Server.Client.Usage.ListAsync([], Cancel)).Items.Select(call => call.Outcome).SequenceEqual(["broken", "broken"]));
    }

    [Fact]
    public async Task A_client_that_does_not_come_back_in_time_cancels_the_call_of_the_target()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.RequestAborted.Register(left.SetResult);
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            await left.Task;
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:Resume:Grace", "00:00:01"));
        string id;
        using (var response = await world.OpenAsync(ForwardWorld.AskStream, headers: Resumable))
        {
            await using var body = await response.Content.ReadAsStreamAsync(Cancel);
            id = Ids(await ReadUntilAsync(body, 1))[0];
        }
        await left.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal(404, (await world.SendAsync("", headers: ("Last-Event-ID", id))).Status);
        Assert.Equal(0, world.Server.Get<ResumableStreams>().Count);
    }

    [Fact]
    public async Task More_streams_than_may_be_kept_come_without_ids_and_say_so()
    {
        var text = Replies.Chunk("One") + Replies.Done;
        await using var upstream = await WebServer.StartAsync(http => Replies.StreamAsync(http, text));
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:Resume:MaxStreamsPerKey", "2"));
        for (var i = 0; i < 2; i++) Assert.Equal("true", (await world.SendAsync(ForwardWorld.AskStream, headers: Resumable))["x-baton-resumable"]);
        var third = await world.SendAsync(ForwardWorld.AskStream, headers: Resumable);
        Assert.Equal(("false", text), (third["x-baton-resumable"], third.Body));
    }

    [Fact]
    public async Task What_is_no_longer_kept_is_told_and_memory_is_bounded()
    {
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            for (var i = 0; i < 100; i++) await Replies.StreamAsync(http, Replies.Chunk(new string('x', 1000)));
            await http.Response.WriteAsync(Replies.Done);
        });
        await using var world = await ForwardWorld.StartAsync([upstream.Address], ("Gateway:Resume:MaxStreamBytes", "10000"));
        var all = (await world.SendAsync(ForwardWorld.AskStream, headers: Resumable)).Body;
        var ids = Ids(all);
        var gone = await world.SendAsync("", headers: ("Last-Event-ID", ids[0]));
        Assert.Equal(410, gone.Status);
        Assert.Contains("Gateway:Resume:MaxStreamBytes", gone.Body, StringComparison.Ordinal);
        Assert.Equal(Replies.Done, Id().Replace((await world.SendAsync("", headers: ("Last-Event-ID", ids[^2]))).Body, ""));
    }

    [Fact]
    public async Task An_error_instead_of_a_stream_is_told_as_it_is()
    {
        await using var upstream = await WebServer.StartAsync(http => Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 400));
        await using var world = await ForwardWorld.StartAsync([upstream.Address]);
        var reply = await world.SendAsync(ForwardWorld.AskStream, headers: Resumable);
        Assert.Equal((400, """{"error":{"message":"no"}}""", "false"), (reply.Status, reply.Body, reply["x-baton-resumable"]));
    }

    [Fact]
    public async Task Streams_of_the_built_in_models_can_be_taken_up_as_well()
    {
        await using var world = await ForwardWorld.StartAsync([new Uri("http://127.0.0.1:9/")]);
        var all = (await world.SendAsync("""{"model":"baton/echo","stream":true,"messages":[{"role":"user","content":"hi"}]}""", headers: Resumable)).Body;
        Assert.EndsWith((await world.SendAsync("", headers: ("Last-Event-ID", Ids(all)[0]))).Body, all, StringComparison.Ordinal);
    }

    /// <summary>Reads until so many ids, and the empty lines behind them, have come.</summary>
    private static async Task<string> ReadUntilAsync(Stream body, int ids)
    {
        var (text, buffer) = (new StringBuilder(), new byte[1024]);
        while (Ids(text.ToString()).Count < ids || text[^1] != '\n' || text[^2] != '\n') text.Append(Encoding.UTF8.GetString(buffer, 0, await body.ReadAsync(buffer, Cancel)));
        return text.ToString();
    }

    private static List<string> Ids(string text) => [.. Id().Matches(text).Select(match => match.Groups["id"].Value)];

    [GeneratedRegex("id: (?<id>req_[0-9a-f]+:[0-9]+)\n")]
    private static partial Regex Id();
}
