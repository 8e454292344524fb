using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Baton.Server.Gateway;

/// <summary>The gateway's meter: calls, tokens, money and times, once under this server's own names and once under OpenTelemetry's for generative AI (semantic conventions 1.41). Thread-safe.</summary>
internal sealed class GatewayMetrics
{
    public const string Meter = "Baton.Gateway";

    private static readonly InstrumentAdvice<double> Long = new() { HistogramBucketBoundaries = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] };

    // By the conventions: from 10 ms on, and in powers of four.
    private static readonly InstrumentAdvice<double> Times = new() { HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] };
    private static readonly InstrumentAdvice<long> Counts = new() { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864] };

    private readonly Counter<long> requests, calls, tokens, errors;
    private readonly Counter<double> dollars;
    private readonly Histogram<double> duration, serverDuration, firstByte, rate;
    private readonly Histogram<long> tokenUsage;
    private readonly RouteTable routes;

    public GatewayMetrics(IMeterFactory factory, RouteTable routes)
    {
        this.routes = routes;
        var meter = factory.Create(Meter);
        requests = meter.CreateCounter<long>("request_count", description: "Requests to the gateway, by address and outcome.");
        duration = meter.CreateHistogram("request_duration_seconds", "s", "From a request to the end of its answer.", advice: Long);
        calls = meter.CreateCounter<long>("llm_requests_total", description: "Calls of models; agent is workflow for those of steps of workflows, else none.");
        tokens = meter.CreateCounter<long>("llm_tokens_total", description: "Tokens of prompts (input) and of answers (output).");
        dollars = meter.CreateCounter<double>("llm_cost_dollars_total", description: "What calls of models cost, in dollars.");
        errors = meter.CreateCounter<long>("error_rate", description: "Calls that were not completed, by outcome: their rate is what the function rate() makes of it.");
        rate = meter.CreateHistogram("token_generation_rate", description: "Tokens of an answer in a second, from its first byte on.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 5, 10, 20, 40, 60, 80, 120, 200, 400, 1000] }, unit: null);
        tokenUsage = meter.CreateHistogram("gen_ai.client.token.usage", "{token}", "Tokens of a call.", advice: Counts);
        firstByte = meter.CreateHistogram("gen_ai.server.time_to_first_token", "s", "From a request to the first byte of its answer.", advice: Times);
        serverDuration = meter.CreateHistogram("gen_ai.server.request.duration", "s", "From a request to the end of its answer.", advice: Times);
        meter.CreateObservableGauge("circuit_breaker_state", Breakers, description: "Of each target: 0 closed, 1 half-open, 2 open.");
    }

    public void Record(UsageRecord call)
    {
        var (tenant, model, outcome) = (new KeyValuePair<string, object?>("tenant_id", call.Tenant.Value), new KeyValuePair<string, object?>("model", call.Model), new KeyValuePair<string, object?>("outcome", UsageStore.NameOf(call.Outcome)));
        var surface = new KeyValuePair<string, object?>("surface", call.Surface);
        requests.Add(1, surface, outcome, tenant);
        duration.Record(call.Duration.TotalSeconds, surface, tenant);
        if (call.Outcome is not (CallOutcome.Completed or CallOutcome.Cached)) errors.Add(1, model, outcome, tenant);
        if (call.Model.Length == 0) return;   // nobody knows it: a name that a caller made up makes no series
        calls.Add(1, model, new("agent", call.Run is null ? "none" : call.Key), tenant);
        RecordCost(call);
        var genAi = new TagList { { "gen_ai.operation.name", OperationOf(call.Surface) }, { "gen_ai.provider.name", call.Target }, { "gen_ai.request.model", call.Model }, { "gen_ai.response.model", call.UpstreamModel } };
        if (call.Tokens != default)
        {
            tokenUsage.Record(call.Tokens.Input, With(genAi, "gen_ai.token.type", "input"));
            tokenUsage.Record(call.Tokens.Output, With(genAi, "gen_ai.token.type", "output"));
        }
        if (call.FirstByte is { } first)
        {
            firstByte.Record(first.TotalSeconds, genAi);
            if (call.Tokens.Output > 1 && call.Duration > first) rate.Record(call.Tokens.Output / (call.Duration - first).TotalSeconds, model);
        }
        serverDuration.Record(call.Duration.TotalSeconds, call.Outcome is CallOutcome.Completed or CallOutcome.Cached ? genAi : With(genAi, "error.type", UsageStore.NameOf(call.Outcome)));
    }

    /// <summary>What a call used and cost, and nothing else of it.</summary>
    public void RecordCost(UsageRecord call)
    {
        var (tenant, model) = (new KeyValuePair<string, object?>("tenant_id", call.Tenant.Value), new KeyValuePair<string, object?>("model", call.Model));
        if (call.CostMicros > 0) dollars.Add(call.CostMicros / 1_000_000.0, model, tenant);
        if (call.Tokens == default) return;
        tokens.Add(call.Tokens.Input, model, new("type", "input"), tenant);
        tokens.Add(call.Tokens.Output, model, new("type", "output"), tenant);
    }

    private static TagList With(TagList tags, string name, string value)
    {
        tags.Add(name, value);
        return tags;
    }

    private static string OperationOf(string surface) => surface switch
    {
        "/embeddings" => "embeddings",
        "/completions" => "text_completion",
        _ => "chat",
    };

    private IEnumerable<Measurement<int>> Breakers()
    {
        foreach (var route in routes.Current.All)
        {
            foreach (var target in route.Targets)
            {
                var state = target.Health.State switch
                {
                    BreakerState.Closed => 0,
                    BreakerState.HalfOpen => 1,
                    _ => 2,
                };
                var (model, name) = (new KeyValuePair<string, object?>("model", route.Name), new KeyValuePair<string, object?>("target", target.Name));
                yield return route.Tenant is { } tenant ? new Measurement<int>(state, model, name, new KeyValuePair<string, object?>("tenant_id", tenant.Value)) : new Measurement<int>(state, model, name);
            }
        }
    }
}
