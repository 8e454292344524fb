using System.Text;
using Baton.Client;
using Baton.Server.Tests.Storage;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway.Budgets;

/// <summary>Real processes that are killed, and several over one database. An output token costs a micro-dollar.</summary>
public sealed class BudgetProcessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_of_streams_forgets_nothing_that_was_spent_and_counts_nothing_twice()
    {
        const long Limit = 1_000_000;
        const int Streams = 8;
        using var folder = new TemporaryFolder();
        var said = 0L;
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            http.Response.ContentType = "text/event-stream";
            while (!http.RequestAborted.IsCancellationRequested)
            {
                Interlocked.Increment(ref said);
                await http.Response.WriteAsync(Replies.Chunk("x"), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Yield();   // who tells it that the connection is gone needs a thread of the same pool
            }
        });
        var received = 0L;
        BudgetView? before = null;
        for (var life = 1; life <= 3; life++)
        {
            var (baton, address) = await ServeAsync(folder, folder["baton.db"], upstream);
            await using var process = baton;
            using var http = BatonProcess.Connect(address);
            var client = new BatonClient(http);
            if (before is null) await client.Budgets.PutAsync("b", new PutBudget(Limit, "total"), Cancel);
            else Assert.Equal((before.SpentMicro, before.UncertainMicro), Standing(await client.Budgets.GetAsync("b", Cancel)));
            var target = received + 3_000;
            var streams = Enumerable.Range(0, Streams).Select(_ => Task.Run(() => ListenAsync(http, () => Interlocked.Increment(ref received)))).ToList();
            await Eventually.IsTrueAsync(() => Interlocked.Read(ref received) >= target);
            await baton.KillAsync();
            await Task.WhenAll(streams);
            var (again, place) = await ServeAsync(folder, folder["baton.db"], upstream);
            await using var restarted = again;
            using var anew = BatonProcess.Connect(place);
            before = await new BatonClient(anew).Budgets.GetAsync("b", Cancel);
            Assert.InRange(before.SpentMicro, 0, Interlocked.Read(ref said));   // 0 where it was killed before it told of any
            Assert.InRange(before.SpentMicro + before.UncertainMicro, received, Limit);
            Assert.Equal((0, Limit - before.SpentMicro - before.UncertainMicro), (before.ReservedMicro, before.LeftMicro));
            await again.KillAsync();   // it had spent nothing
            (again, place) = await ServeAsync(folder, folder["baton.db"], upstream);
            await using var third = again;
            using var last = BatonProcess.Connect(place);
            before = await new BatonClient(last).Budgets.GetAsync("b", Cancel);
            Assert.InRange(before.SpentMicro + before.UncertainMicro, received, Limit);
            if (life == 3)
            {
                before = await new BatonClient(last).Budgets.ReconcileAsync("b", new ReconcileBudget(received - before.SpentMicro), Cancel);
                Assert.Equal((received, 0, Limit - received), (before.SpentMicro, before.UncertainMicro, before.LeftMicro));
            }
            again.Terminate();
            Assert.Equal(0, await again.ExitAsync());   // what it had at hand is given back
        }

        static (long, long) Standing(BudgetView view) => (view.SpentMicro, view.UncertainMicro);
    }

    [Fact]
    public async Task Two_nodes_that_race_for_the_last_dollars_spend_no_more_than_there_are_and_leave_nothing_lying()
    {
        const int Limit = 3_000, Clients = 6, Cost = 7, Asked = 20;
        using var folder = new TemporaryFolder();
        var url = await Postgres.NewSchemaAsync();
        await using var upstream = await WebServer.StartAsync(http => Replies.WholeAsync(http, "Three."));   // says that it used 7 tokens
        var (one, at) = await ServeAsync(folder, url, upstream, "one");
        await using var first = one;
        using var here = BatonProcess.Connect(at);
        var client = new BatonClient(here);
        await client.Budgets.PutAsync("b", new PutBudget(Limit, "total"), Cancel);
        var (two, there) = await ServeAsync(folder, url, upstream, "two");
        await using var second = two;
        using var away = BatonProcess.Connect(there);
        var answered = 0;
        await Task.WhenAll(Enumerable.Range(0, 2 * Clients).Select(i => Task.Run(async () =>
        {
            for (var refusals = 0; refusals < 2;)
            {
                if (await AskAsync(i % 2 == 0 ? here : away) == 429) refusals++;
                else Interlocked.Increment(ref answered);
            }
        })));
        while (await AskAsync(here) == 200) answered++;   // alone now: whatever the other node had at hand is for this one
        await Eventually.IsTrueAsync(async () => (await client.Budgets.GetAsync("b", Cancel)).SpentMicro == answered * Cost);
        Assert.InRange(answered * Cost, Limit - Asked + 1, Limit);

        // A node that is killed may have spent what it had at hand: that counts, until somebody knows better.
        await client.Budgets.PutAsync("b", new PutBudget(Limit + 10_000, "total"), Cancel);
        for (var i = 0; i < 20; i++) Assert.Equal(200, await AskAsync(away));
        await two.KillAsync();
        answered += 20;
        await Eventually.IsTrueAsync(async () => (await client.NodesAsync(Cancel)).Items.Any(node => node.State == "lapsed"));
        var budget = await client.Budgets.GetAsync("b", Cancel);
        Assert.InRange(budget.SpentMicro + budget.UncertainMicro, answered * Cost, Limit + 10_000);
        Assert.InRange(budget.SpentMicro, 0, answered * Cost);
        budget = await client.Budgets.ReconcileAsync("b", new ReconcileBudget((answered * Cost) - budget.SpentMicro), Cancel);
        Assert.Equal((answered * Cost, 0), (budget.SpentMicro, budget.UncertainMicro));
        while (await AskAsync(here) == 200) answered++;
        Assert.InRange(answered * Cost, Limit + 10_000 - Asked + 1, Limit + 10_000);

        static async Task<int> AskAsync(HttpClient http)
        {
            using var content = new StringContent(ForwardWorld.Ask($""","max_tokens":{Asked}"""), Encoding.UTF8, "application/json");
            using var response = await http.PostAsync("/v1/chat/completions", content, Cancel);
            var body = await response.Content.ReadAsStringAsync(Cancel);
            Assert.True((int)response.StatusCode is 200 or 429, body);
            return (int)response.StatusCode;
        }
    }

    private static Task<(BatonProcess, Uri)> ServeAsync(TemporaryFolder folder, string database, WebServer upstream, string? node = null) =>
        BatonProcess.ServeAsync(folder.Path, database, node is null ? [] : ["--node", node],
            ("BATON_GATEWAY__MODELS__M__BASEURL", upstream["/v1"].ToString()), ("BATON_GATEWAY__MODELS__M__PRICE__OUTPUT", "1000000"), ("BATON_BUDGETS__GRANTWAIT", "00:00:20"), ("BATON_BUDGETS__REPORTINTERVAL", "00:00:00.2"),
            ("BATON_CLUSTER__HEARTBEATINTERVAL", "00:00:00.3"), ("BATON_CLUSTER__LAPSEAFTER", "00:00:01.5"));

    /// <summary>Reads a stream until it breaks.</summary>
    private static async Task ListenAsync(HttpClient http, Action onEvent)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(ForwardWorld.AskStream, Encoding.UTF8, "application/json") };
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
            while (await reader.ReadLineAsync(Cancel) is { } line)
            {
                if (line.StartsWith("data: ", StringComparison.Ordinal)) onEvent();
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // It was killed.
        }
    }
}
