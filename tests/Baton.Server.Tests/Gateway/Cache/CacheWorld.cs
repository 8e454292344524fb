using System.Text;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Gateway;

/// <summary>The cache before a model <c>m</c> with one target, and a clock of the test's.</summary>
internal sealed class CacheWorld : IDisposable
{
    private readonly TimeProvider time;
    private readonly CapturedLog log = new();
    private readonly OutboundClient client;
    private readonly RouteCaller routes;
    private readonly ModelRoute route;

    public CacheWorld(Uri target, TimeProvider time, Action<ModelCacheOptions> set, long maxBytes = 1 << 20)
    {
        this.time = time;
        var options = new GatewayOptions { Models = { ["m"] = new ModelOptions { BaseUrl = new Uri(target, "/v1").ToString(), Cache = new ModelCacheOptions(), Retries = 0 } }, BreakerFailures = 1000, Cache = { MaxBytes = maxBytes } };
        set(options.Models["m"].Cache!);
        client = GatewayWorld.NewClient();
        var table = new RouteTable(Options.Create(options), time);
        route = table.Current.Find(TenantId.Default, "m")!;
        routes = GatewayWorld.NewCaller(client, Options.Create(options), time, log);
        Cache = new AnswerCache(Options.Create(options), embedder: null!, GatewayWorld.NewLedger(Options.Create(options), time, log, table, out _), time, NullLogger<AnswerCache>.Instance);
    }

    public AnswerCache Cache { get; }

    /// <summary>Asks, and waits for the whole answer.</summary>
    /// <param name="ask">What asking comes to; null to ask the target.</param>
    public async Task<AnswerRecording> AskAsync(string body, string? wish = null, string tenant = "t", string key = "k", Func<GatewayCall, Task>? ask = null, CancellationToken cancel = default)
    {
        var headers = new HeaderDictionary();
        if (wish is not null) headers["x-baton-cache"] = wish;
        var answer = new AnswerRecording(1 << 20);
        var call = new GatewayCall(Surface.ChatCompletions, new CallOrigin(new TenantId(tenant), key), headers, time, cancel) { Answer = answer };
        var request = ForwardedRequest.Of(Encoding.UTF8.GetBytes(body), Surface.ChatCompletions);
        await Cache.AnswerAsync(call, route, request.Body, ask ?? (asked => routes.AskAsync(asked, route, request)));
        return answer;
    }

    public void Dispose()
    {
        client.Dispose();
        log.Dispose();
    }
}
