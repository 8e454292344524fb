using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>A configured model, asked from within the process by the path that applications' requests take.</summary>
internal sealed class RoutedModel(ModelRoute route, int maxAnswerBytes, RouteCaller models, LimitGate limits, UsageLedger ledger, TimeProvider time) : IChatModel
{
    private static readonly string Agent = $"baton/{typeof(RoutedModel).Assembly.GetName().Version?.ToString(3)}";

    public async Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        using var listening = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var reader = new AnswerReader(request, maxAnswerBytes, onDelta, listening);
        var call = new GatewayCall(Surface.ChatCompletions, request.Origin, Headers(request), time, listening.Token) { Answer = reader };
        reader.Call = call;
        try
        {
            var own = Written(call, request, route);
            // A step has to find room within the limits of its tenant; what an application asks has been let in already.
            if (request.Origin.Run is null || await limits.AdmitAsync(call, route.Name, route, own.Peek)) await models.AskAsync(call, route, own, one => Written(call, request, one));
        }
        catch (OperationCanceledException) when (reader.HasFailed && !cancel.IsCancellationRequested)
        {
            // What it failed with is thrown below.
        }
        catch (OperationCanceledException)
        {
            call.Account.Outcome = CallOutcome.Cancelled;
            throw;
        }
        finally
        {
            call.End(ledger);
        }
        return call.Error is { } error ? throw error.ToException() : await reader.EndAsync(time, cancel);
    }

    private ForwardedRequest Written(GatewayCall call, ModelRequest request, ModelRoute one)
    {
        var body = ChatRequest.Write(request, route.Name, one.Options, one.Targets.All(target => target.Options.StreamUsage));
        var written = ForwardedRequest.Of(body, call.Surface);
        call.Account.OwnTokens = written.Peek.PromptTokens;
        return written;
    }

    private static HeaderDictionary Headers(ModelRequest request)
    {
        var headers = new HeaderDictionary { ["User-Agent"] = Agent, ["Accept"] = "text/event-stream, application/json" };
        if (request.IdempotencyKey is { } key) headers["Idempotency-Key"] = HttpCall.HeaderKey(key);
        return headers;
    }
}
