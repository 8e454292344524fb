using System.Text;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Workflows;

/// <summary>The stream of a run's events, byte by byte as a client sees it.</summary>
public class EventStreamTests(EventStreamTests.Shared shared) : IClassFixture<EventStreamTests.Shared>
{
    private TestServer Server => shared.Server;

    public sealed class Shared : IAsyncLifetime
    {
        internal TestServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Server = await TestServer.StartAsync();
            await Server.RegisterAsync("waits", "do: [ { a: { call: map, with: { in: '[range(3)]', do: [ { s: { set: { n: '${ $item }' } } } ] } } }, { hear: { listen: { to: { one: { with: { type: go } } } } } }, { b: { set: { text: \"two\\nlines\" } } } ]");
        }

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task A_stream_is_live_and_ends_with_the_run()
    {
        var run = await Server.StartRunAsync("waits");
        var events = await ReadAsync(run, seen: async one =>
        {
            if (one.Type == "state" && one.Data.Contains("waiting", StringComparison.Ordinal)) await Server.PostAsync("/api/v1/events", """{"type":"go"}""");
        });
        Assert.Equal("state", events[^1].Type);
        Assert.Contains("\"state\":\"completed\"", events[^1].Data);
        var ids = events.Where(one => one.Type == "entry").Select(one => long.Parse(one.Id!)).ToList();
        Assert.Equal(ids.Order().Distinct(), ids);
        Assert.All(events, one => Assert.Equal(one.Type == "entry", one.Id is not null));
        Assert.Contains(events, one => one.Type == "state" && one.Data.Contains("waiting", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stream_resumed_after_any_event_gives_exactly_the_rest()
    {
        var run = await Server.StartRunAsync("waits");
        await Server.StateAsync(run, "waiting");
        await Server.PostAsync("/api/v1/events", """{"type":"go"}""");
        var all = (await ReadAsync(run)).Where(one => one.Type == "entry").ToList();
        for (var seen = 0; seen < all.Count; seen++)
        {
            Assert.Equal(all.Skip(seen + 1), (await ReadAsync(run, ("Last-Event-ID", all[seen].Id!))).Where(one => one.Type == "entry"));
            Assert.Equal(all.Skip(seen + 1), (await ReadAsync(run, query: $"?after={all[seen].Id}")).Where(one => one.Type == "entry"));
        }
    }

    [Fact]
    public async Task An_event_id_that_is_none_is_refused_before_the_stream_begins()
    {
        var run = await Server.StartRunAsync("waits");
        var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{run}/events");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "abc");
        Assert.Equal(["header/Last-Event-ID"], (await Server.SendAsync(request)).Pointers(400));
        Assert.Equal(["query/after"], (await Server.GetAsync($"/api/v1/runs/{run}/events?after=abc")).Pointers(400));
        Assert.Equal(["query/from"], (await Server.GetAsync($"/api/v1/runs/{run}/events?from=1")).Pointers(400));
    }

    [Fact]
    public async Task A_client_that_leaves_takes_nothing_with_it()
    {
        var run = await Server.StartRunAsync("waits");
        for (var i = 0; i < 20; i++)
        {
            using var leave = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            using var response = await Server.Http.GetAsync(new Uri($"/api/v1/runs/{run}/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, leave.Token);
            await leave.CancelAsync();
        }
        await Server.StateAsync(run, "waiting");
        await Server.PostAsync("/api/v1/events", """{"type":"go"}""");
        Assert.Equal("completed", (await Server.EndAsync(run)).State);
    }

    private sealed record Event(string? Id, string Type, string Data);

    private async Task<List<Event>> ReadAsync(string run, (string Name, string Value)? header = null, string query = "", Func<Event, Task>? seen = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{run}/events{query}");
        if (header is { } one) request.Headers.TryAddWithoutValidation(one.Name, one.Value);
        using var response = await Server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        Assert.True(response.Headers.CacheControl!.NoStore);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), Encoding.UTF8);
        var (events, block) = (new List<Event>(), new StringBuilder());
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            if (line.Length > 0)
            {
                block.Append(line).Append('\n');
                continue;
            }
            if (block.ToString().Trim('\n') is [not ':', ..] whole)
            {
                events.Add(Parse(whole));
                if (seen is not null) await seen(events[^1]);
            }
            block.Clear();
        }
        return events;
    }

    private static Event Parse(string block)
    {
        var fields = block.Split('\n').Select(line => line.Split(": ", 2)).ToDictionary(parts => parts[0], parts => parts[1]);   // twice the same field would throw
        return new Event(fields.GetValueOrDefault("id"), fields["event"], fields["data"]);
    }
}

public sealed class EventStreamOnPostgres(EventStreamTests.Shared shared) : EventStreamTests(shared), IOnPostgres;
