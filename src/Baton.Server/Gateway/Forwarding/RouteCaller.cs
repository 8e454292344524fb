namespace Baton.Server.Gateway;

/// <summary>
/// The path of every call of a model, of applications and of workflows' steps alike: asks the targets of the model, one after the other until one answers. Nothing is read from the
/// database or written to it on the way.
/// </summary>
internal sealed class RouteCaller(TargetCaller targets, ILogger<RouteCaller> log)
{
    /// <param name="request">What the targets of a route are sent: a route may want it in other words than the one that it stands in for.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async Task AskAsync(GatewayCall call, ModelRoute first, Func<ModelRoute, ForwardedRequest> request)
    {
        Attempt.Failed? last = null;
        call.Account.Asked = first.Name;
        foreach (var (route, target) in first.InTurn(call.Surface.Dialect))
        {
            call.Asks(route, target);
            if (await targets.AskAsync(call, route, target, request(route)) is not Attempt.Failed failed) return;
            last = failed;
            log.TargetFailed(call.Id, call.AskedLast!, last.Error.Status, last.Error.Code);
            if (!last.MayTryAnother) break;
        }
        await (last is null ? call.RefuseAsync(NoneToAsk(call, first)) : last.Reply is { } reply ? call.RefuseAsync(reply) : call.RefuseAsync(last.Error));
    }

    private static GatewayError NoneToAsk(GatewayCall call, ModelRoute route)
    {
        if (route.WaitFor(call.Surface.Dialect) is { } wait) return GatewayError.Unavailable(route.WhyNone(), wait);
        var other = call.Surface.Dialect == Dialect.OpenAi ? "/v1/messages" : "/v1/chat/completions";
        return GatewayError.Invalid($"The targets of model '{route.Name}' do not speak the dialect of /v1{call.Surface.Path}: ask at {other}.", "model", "wrong_dialect");
    }
}

/// <summary>A request as it came, and where in it stands what may have to change.</summary>
internal sealed record ForwardedRequest(ReadOnlyMemory<byte> Body, RequestPeek Peek)
{
    /// <summary>A request that this process wrote.</summary>
    public static ForwardedRequest Of(ReadOnlyMemory<byte> body, Surface surface) => new(body, RequestPeek.Read(body.Span, surface.MaxTokensField, out _)!.Value);
}
