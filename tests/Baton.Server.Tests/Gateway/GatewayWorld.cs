using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Outbound;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Gateway;

/// <summary>A model caller put together as the module does it, with the parts that a test wants to hold in its hand.</summary>
internal sealed class GatewayWorld : IDisposable
{
    public const string Key = "sk-test-0123456789abcdef";

    private readonly OutboundClient client;
    private readonly Limiter limiter;
    private readonly Lazy<ModelCaller> models;
    private readonly string keyFile = Path.Combine(Path.GetTempPath(), $"baton-key-{Path.GetRandomFileName()}");

    public GatewayWorld(Uri upstream, Action<ModelOptions>? configure = null, TimeProvider? time = null, Action<GatewayOptions>? all = null)
    {
        File.WriteAllText(keyFile, Key + "\n");
        var model = new ModelOptions { BaseUrl = new Uri(upstream, "/v1").ToString(), ApiKeyFile = keyFile, Retries = 0 };
        configure?.Invoke(model);
        Options.Models["test/model"] = model;
        all?.Invoke(Options);
        Time = time ?? TimeProvider.System;
        client = NewClient();
        limiter = new Limiter(Time, static () => 1, maxWaiting: 0);
        models = new Lazy<ModelCaller>(() =>   // settings that are wrong are only validated
        {
            var options = Microsoft.Extensions.Options.Options.Create(Options);
            var routes = Routes = new RouteTable(options, Time);
            var ledger = NewLedger(options, Time, Log, routes, out var writer);
            Writer = writer;
            return new ModelCaller(routes, ledger, options, NewCaller(client, options, Time, Log), new LimitGate(limiter, options, Time), new StepAnswers(null!, Log.For<StepAnswers>()), new ExtractModel(), new EchoModel(Time), Time, Log.For<ModelCaller>());
        });
    }

    /// <param name="writer">It is never started: what is recorded stays with it.</param>
    public static UsageLedger NewLedger(IOptions<GatewayOptions> options, TimeProvider time, CapturedLog log, RouteTable routes, out UsageWriter writer)
    {
        writer = new UsageWriter(null!, Microsoft.Extensions.Options.Options.Create(new UsageOptions()), time, log.For<UsageWriter>());
        return new UsageLedger(new PriceTable(options), writer, new GatewayMetrics(new Meters(), routes));
    }

    /// <summary>Without any budget.</summary>
    public static RouteCaller NewCaller(OutboundClient client, IOptions<GatewayOptions> options, TimeProvider time, CapturedLog log)
    {
        var targets = new TargetCaller(client, new KeptResponses(null!, options, time, log.For<KeptResponses>()), options, time, log.For<TargetCaller>());
        var budgets = new BudgetGate(new BudgetLedger(time, TimeSpan.Zero), new PriceTable(options), Microsoft.Extensions.Options.Options.Create(new BudgetOptions()), time, log.For<BudgetGate>());
        return new RouteCaller(targets, new Hedging(targets, time, log.For<Hedging>()), budgets, time, log.For<RouteCaller>());
    }

    public GatewayOptions Options { get; } = new();

    public TimeProvider Time { get; }

    public CapturedLog Log { get; } = new();

    public UsageWriter? Writer { get; private set; }

    public RouteTable? Routes { get; private set; }

    public ModelCaller Models => models.Value;

    public string KeyFile => keyFile;

    public static ModelRequest Ask(string prompt = "How many parcels were late?", string? model = "test/model") => new() { Origin = Origin, Model = model, Messages = [ModelMessage.User(prompt)] };

    public static CallOrigin Origin { get; } = new(TenantId.Default, "test");

    public static OutboundClient NewClient() => new(Microsoft.Extensions.Options.Options.Create(new OutboundOptions()), new AddressPolicy(allowPrivate: false), TimeProvider.System);

    public Task<ModelAnswer> AnswerAsync(ModelRequest? request = null, DeltaSink? onDelta = null) =>
        Models.CompleteAsync(request ?? Ask(), onDelta, TestContext.Current.CancellationToken);

    public Task<WorkflowException> FailAsync(ModelRequest? request = null) => Assert.ThrowsAsync<WorkflowException>(() => AnswerAsync(request));

    public ValidateOptionsResult Validate() => new GatewayRules().Validate(null, Options);

    private sealed class Meters : System.Diagnostics.Metrics.IMeterFactory
    {
        public System.Diagnostics.Metrics.Meter Create(System.Diagnostics.Metrics.MeterOptions options) => new(options);

        public void Dispose()
        {
        }
    }

    public void Dispose()
    {
        Writer?.Dispose();
        client.Dispose();
        limiter.Dispose();
        Log.Dispose();
        File.Delete(keyFile);
    }
}

/// <summary>What upstreams say.</summary>
internal static class Replies
{
    public static async Task JsonAsync(HttpContext http, string json, int status = 200)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json);
    }

    public static Task WholeAsync(HttpContext http, string content, string finish = "stop") => JsonAsync(http, Completion(content, finish));

    /// <summary>A target that answers "Three." to every request, of which it keeps the bodies.</summary>
    public static Task<WebServer> HearingAsync(ICollection<string> bodies) => WebServer.StartAsync(async http =>
    {
        bodies.Add(await new StreamReader(http.Request.Body).ReadToEndAsync());
        await WholeAsync(http, "Three.");
    });

    public static string Completion(string content, string finish = "stop") =>
        $$$"""{"id":"c1","object":"chat.completion","model":"upstream-1","choices":[{"index":0,"message":{"role":"assistant","content":{{{Quote(content)}}} },"finish_reason":"{{{finish}}}"}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}""";

    public static string Chunk(string content) => Data($$$"""{"object":"chat.completion.chunk","model":"upstream-1","choices":[{"index":0,"delta":{"content":{{{Quote(content)}}} },"finish_reason":null}]}""");

    public static string Finish(string reason = "stop") => Data($$"""{"choices":[{"index":0,"delta":{},"finish_reason":"{{reason}}"}]}""");

    public static string Usage { get; } = Data("""{"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18}}""");

    public static string Done { get; } = Data("[DONE]");

    public static string Data(string data) => $"data: {data}\n\n";

    public static Task StreamAsync(HttpContext http, params string[] parts) => PiecesAsync(http, "text/event-stream; charset=utf-8", parts);

    public static async Task PiecesAsync(HttpContext http, string type, params string[] parts)
    {
        if (!http.Response.HasStarted) http.Response.ContentType = type;
        foreach (var part in parts)
        {
            await http.Response.WriteAsync(part);
            await http.Response.Body.FlushAsync();
        }
    }

    public static string Head(string type = "text/event-stream") => $"HTTP/1.1 200 OK\r\nContent-Type: {type}\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>A piece of a chunked body.</summary>
    public static string Piece(string text) => $"{System.Text.Encoding.UTF8.GetByteCount(text):x}\r\n{text}\r\n";

    private static string Quote(string text) => System.Text.Json.JsonSerializer.Serialize(text);
}
