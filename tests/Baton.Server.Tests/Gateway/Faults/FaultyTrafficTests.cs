using Baton.Client;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>What is left of requests that went wrong: nothing. How memory behaves under many more of them is measured by <c>baton bench gateway --scenario faults</c>.</summary>
public sealed class FaultyTrafficTests
{
    private const int Requests = 400;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task After_requests_that_went_wrong_in_every_way_nothing_is_reserved_admitted_under_way_or_shared()
    {
        await using var host = new FaultyHost();
        var values = host.Settings.ToDictionary(setting => $"Gateway:{setting.Name}", setting => (string?)setting.Value);
        foreach (var model in FaultyHost.Models)
        {
            foreach (var (name, value) in new[] { ("Strategy", "priority"), ("Retries", "0"), ("FirstByteTimeout", "00:00:01"), ("IdleTimeout", "00:00:01"), ("Cache:Coalesce", "true") }) values[$"Gateway:Models:{model}:{name}"] = value;
        }
        values["Gateway:BreakerFailures"] = "1000";
        await using var server = await TestServer.StartAsync(new TestServer.Settings { Values = values });
        await server.Client.Budgets.PutAsync("b", new PutBudget(1_000_000_000, "total", Key: "app"), Cancel);
        var key = await server.Client.Keys.CreateAsync(new CreateKey("app", Limits: [new KeyLimit(Requests: 1_000_000, Tokens: 1_000_000_000, Concurrency: 8, MaxWaitSeconds: 120)]), Cancel);
        Assert.InRange(await FaultyTraffic.SendAsync(server.Address, key.Secret, 0, Requests, Cancel), Requests / 2, Requests);

        // The last answers are there a moment before their calls have ended.
        await Eventually.IsTrueAsync(() => server.Get<Limiter>().UnderWay == 0);
        Assert.Equal(0, server.Get<Limiter>().Waiting);
        await Eventually.IsTrueAsync(() => server.Get<BudgetLedger>().Reserved == 0);
        await Eventually.IsTrueAsync(() => server.Get<AnswerCache>().UnderWay == (0, 0));
        foreach (var target in FaultyHost.Models.SelectMany(model => server.Get<RouteTable>().Current.Find(TenantId.Default, model)!.Targets))
        {
            await Eventually.IsTrueAsync(() => target.Health.UnderWay == 0 && target.Health.Share.UnderWay == 0);
        }
        var spent = (await server.Client.Budgets.GetAsync("b", Cancel)).SpentMicro;
        await Eventually.IsTrueAsync(async () => (await server.Client.Usage.SumAsync([new("by", "key"), new("key", "app")], Cancel)).Total.CostMicros == spent);
    }
}
