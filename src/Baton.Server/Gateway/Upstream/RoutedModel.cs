using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>A configured model, asked from within the process by the path that applications' requests take.</summary>
internal sealed class RoutedModel(ModelRoute route, int maxAnswerBytes, RouteCaller models, TimeProvider time) : IChatModel
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
            await models.AskAsync(call, route, one => ForwardedRequest.Of(ChatRequest.Write(request, route.Name, one.Options), call.Surface));
        }
        catch (OperationCanceledException) when (reader.HasFailed && !cancel.IsCancellationRequested)
        {
            // What it failed with is thrown below.
        }
        return call.Error is { } error ? throw error.ToException() : await reader.EndAsync(time, cancel);
    }

    private static HeaderDictionary Headers(ModelRequest request)
    {
        var headers = new HeaderDictionary { ["User-Agent"] = Agent, ["Accept"] = "text/event-stream, application/json" };
        if (request.IdempotencyKey is { } key) headers["Idempotency-Key"] = HttpCall.HeaderKey(key);
        return headers;
    }
}
