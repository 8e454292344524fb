using System.Text;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>What is asked beside the requests: whether a target is back, and how engines are.</summary>
public sealed class ProbeTests : IDisposable
{
    private readonly ManualTime time = new();
    private readonly GatewayOptions options = new();
    private readonly OutboundClient client = new(Microsoft.Extensions.Options.Options.Create(new OutboundOptions()), new AddressPolicy(allowPrivate: false), TimeProvider.System);
    private readonly CapturedLog log = new();
    private readonly List<string> asked = [];
    private RouteTable? routes;
    private TargetProber? prober;

    [Fact]
    public async Task A_target_that_could_not_be_reached_is_back_as_soon_as_it_answers()
    {
        var isWell = false;
        await using var host = await WebServer.StartAsync(http => Answer(http, isWell ? 200 : 0, "{}"));
        var health = Add("m", host).Targets[0].Health;
        for (var i = 0; i < 5; i++) health.Failed("connectivity");
        await RunAsync();
        Assert.Equal((BreakerState.Open, 1), (health.State, asked.Count));
        isWell = true;
        await RunAsync();
        Assert.Equal((BreakerState.Closed, "/v1/models", (1L, 1L)), (health.State, asked[^1], health.Transitions));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    public async Task One_that_answered_with_errors_is_asked_after_its_pause_and_one_more_failure_sends_it_back_for_twice_as_long(int status)
    {
        await using var host = await WebServer.StartAsync(http => Answer(http, status, "{}"));
        var health = Add("m", host).Targets[0].Health;
        for (var i = 0; i < 5; i++) health.Failed("503 ServiceUnavailable");
        await RunAsync();
        Assert.Empty(asked);
        time.Advance(TimeSpan.FromSeconds(5));
        await RunAsync();
        Assert.Equal((BreakerState.Closed, 1), (health.State, asked.Count));
        health.Failed("503 ServiceUnavailable");
        Assert.Equal((BreakerState.Open, TimeSpan.FromSeconds(10), (2L, 1L)), (health.State, health.Wait, health.Transitions));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(401)]
    [InlineData(0)]
    public async Task One_that_is_still_broken_after_its_pause_is_left_alone_for_twice_as_long(int status)
    {
        await using var host = await WebServer.StartAsync(http => Answer(http, status, "{}"));
        var health = Add("m", host).Targets[0].Health;
        for (var i = 0; i < 5; i++) health.Failed("503 ServiceUnavailable");
        time.Advance(TimeSpan.FromSeconds(5));
        await RunAsync();
        Assert.Equal((BreakerState.Open, TimeSpan.FromSeconds(10), 1), (health.State, health.Wait, asked.Count));
    }

    [Fact]
    public async Task When_all_are_well_and_nobody_asks_nothing_is_sent()
    {
        await using var host = await WebServer.StartAsync(http => Answer(http, 200, "{}"));
        var health = Add("m", host, one => one.Engine = "vllm").Targets[0].Health;
        await RunAsync();
        Assert.Empty(asked);
        Assert.True(health.TryBegin());
        health.End();
        time.Advance(TimeSpan.FromMinutes(6));
        await RunAsync();
        Assert.Empty(asked);
        Assert.True(health.TryBegin());
        await RunAsync();
        Assert.Equal(["/metrics"], asked);
    }

    [Fact]
    public async Task The_least_loaded_is_told_by_the_engines_own_numbers_while_they_are_new()
    {
        await using var busy = await WebServer.StartAsync(http => Answer(http, 200, Metrics(running: 3, waiting: 1, cache: 0.9)));
        await using var idle = await WebServer.StartAsync(http => Answer(http, 200, Metrics(running: 1, waiting: 0, cache: 0.1)));
        var route = Add("m", [busy, idle], "least_loaded", one => one.Engine = "vllm");
        Assert.Equal(2, Enumerable.Range(0, 60).Select(_ => First(route)).Distinct().Count());
        await RunAsync();
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal("t1", First(route)));
        Assert.Equal([5.9, 1.1], route.Targets.Select(target => target.Health.Load));
        for (var i = 0; i < 5; i++) Assert.True(route.Targets[1].Health.TryBegin());   // what has come since counts on top
        Assert.Equal("t0", First(route));
        time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal([0, 5], route.Targets.Select(target => target.Health.Load));
    }

    [Fact]
    public async Task A_host_that_has_the_model_loaded_goes_first_until_it_is_busy()
    {
        await using var cold = await WebServer.StartAsync(http => Answer(http, 200, """{"models":[{"name":"other:latest"}]}"""));
        await using var warm = await WebServer.StartAsync(http => Answer(http, 200, """{"models":[{"name":"qwen3:8b","model":"qwen3:8b"}]}"""));
        var route = Add("m", [cold, warm], "round_robin", one => (one.Engine, one.Model) = ("ollama", "qwen3:8b"));
        Assert.Equal(["t0", "t1"], [First(route), First(route)]);
        await RunAsync();
        Assert.Equal(["/api/ps", "/api/ps"], asked);
        Assert.All(Enumerable.Range(0, 4), _ => Assert.Equal("t1", First(route)));
        Assert.Equal(["t1", "t0"], route.InTurn(Surface.ChatCompletions).Select(next => next.Target.Name));
        for (var i = 0; i < 4; i++) Assert.True(route.Targets[1].Health.TryBegin());
        Assert.Equal(2, Enumerable.Range(0, 4).Select(_ => First(route)).Distinct().Count());
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("vllm:num_requests_waiting 3\n", null)]
    [InlineData("# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 3", "3 0 0")]
    [InlineData("vllm:num_requests_running{engine=\"0\",model_name=\"a } b\"} 3.0\nvllm:num_requests_running{engine=\"1\"} 2.0\r\nvllm:num_requests_waiting{engine=\"1\"} 1e1 1700000000\nvllm:kv_cache_usage_perc{engine=\"0\"} 0.25\nvllm:gpu_cache_usage_perc 0.5\n", "5 10 0.5")]
    [InlineData("vllm:num_requests_running NaN\nvllm:num_requests_running -1\nvllm:num_requests_running_total 7\nvllm:num_requests_running\n", null)]
    public void Metrics_of_vllm_are_read_as_far_as_they_go(string said, string? expected)
    {
        var report = EngineReports.Read("vllm", Encoding.UTF8.GetBytes(said), "m");
        Assert.Equal(expected, report is null ? null : FormattableString.Invariant($"{report.Running} {report.Waiting} {report.CacheUse}"));
    }

    [Theory]
    [InlineData("""{"models":[{"name":"m:latest"}]}""", true)]
    [InlineData("""{"models":[1,{"name":3},{"model":"m"}]}""", true)]
    [InlineData("""{"models":[{"name":"m:8b"}]}""", false)]
    [InlineData("""{"models":[]}""", false)]
    [InlineData("""{"models":{}}""", null)]
    [InlineData("[]", null)]
    [InlineData("<html>", null)]
    public void Loaded_models_of_ollama_are_read_as_far_as_they_go(string said, bool? isWarm) => Assert.Equal(isWarm, EngineReports.Read("ollama", Encoding.UTF8.GetBytes(said), "m")?.IsWarm);

    public void Dispose()
    {
        prober?.Dispose();
        client.Dispose();
        log.Dispose();
    }

    private static string Metrics(int running, int waiting, double cache) =>
        FormattableString.Invariant($"vllm:num_requests_running{{model_name=\"m\"}} {running}.0\nvllm:num_requests_waiting{{model_name=\"m\"}} {waiting}.0\nvllm:kv_cache_usage_perc{{model_name=\"m\"}} {cache}\n");

    private static string First(ModelRoute route)
    {
        var tried = 0UL;
        var target = route.Begin(Surface.ChatCompletions, ref tried)!.Value.Target;
        target.Health.End();
        return target.Name;
    }

    /// <param name="status">0 to break off.</param>
    private async Task Answer(HttpContext http, int status, string body)
    {
        lock (asked) asked.Add(http.Request.Path);
        if (status == 0) http.Abort();
        else await Replies.JsonAsync(http, body, status);
    }

    private ModelRoute Add(string name, WebServer host, Action<TargetOptions>? configure = null) => Add(name, [host], "priority", configure);

    private ModelRoute Add(string name, WebServer[] hosts, string strategy, Action<TargetOptions>? configure = null)
    {
        var model = options.Models[name] = new ModelOptions { Strategy = strategy };
        foreach (var (index, host) in hosts.Index())
        {
            var target = new TargetOptions { BaseUrl = new Uri(host.Address, "/v1").ToString(), Name = $"t{index}" };
            configure?.Invoke(target);
            model.Targets.Add(target);
        }
        var settings = Microsoft.Extensions.Options.Options.Create(options);
        routes = new RouteTable(settings, time);
        prober = new TargetProber(routes, client, settings, time, log.For<TargetProber>());
        return routes.Current.Find(TenantId.Default, name)!;
    }

    private Task RunAsync() => prober!.RunOnceAsync(TestContext.Current.CancellationToken);
}
