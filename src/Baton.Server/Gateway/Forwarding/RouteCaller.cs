using Baton.Jq;

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
        foreach (var (route, target) in first.InTurn(call.Surface))
        {
            if (await targets.AskAsync(call, route, target, request(route)) is not Attempt.Failed failed) return;
            if (!failed.WasAsked)
            {
                last ??= failed;
                continue;
            }
            last = failed;
            log.TargetFailed(call.Id, call.AskedLast!, last.Error.Status, last.Error.Code);
            if (!last.MayTryAnother) break;
        }
        if (last is null && call.Surface == Surface.CountTokens && first.WaitFor(call.Surface) is null) await EstimateAsync(call, request(first));
        else await (last is null ? call.RefuseAsync(NoneToAsk(call, first)) : last.Reply is { } reply ? call.RefuseAsync(reply) : call.RefuseAsync(last.Error));
    }

    /// <summary>No target counts: an estimate, which says that it is one.</summary>
    private static Task EstimateAsync(GatewayCall call, ForwardedRequest request)
    {
        if (request.Translate(call.Surface, out var problem) is not { } translation) return call.RefuseAsync(problem!);
        call.Answer.Headers["x-baton-estimate"] = "input_tokens";
        return call.SendAsync(StatusCodes.Status200OK, JqValue.Object(("input_tokens", TokenEstimate.Of(translation.Conversation))).ToUtf8Bytes());
    }

    private static GatewayError NoneToAsk(GatewayCall call, ModelRoute route)
    {
        if (route.WaitFor(call.Surface) is { } wait) return GatewayError.Unavailable(route.WhyNone(), wait);
        return GatewayError.Invalid($"The targets of model '{route.Name}' do not speak the dialect of /v1{call.Surface.Path}, and it cannot be translated: ask at /v1/chat/completions.", "model", "wrong_dialect");
    }
}

/// <summary>A request as it came, and where in it stands what may have to change.</summary>
internal sealed record ForwardedRequest(ReadOnlyMemory<byte> Body, RequestPeek Peek)
{
    private Translation? translation;
    private GatewayError? untranslatable;

    /// <summary>A request that this process wrote.</summary>
    public static ForwardedRequest Of(ReadOnlyMemory<byte> body, Surface surface) => new(body, RequestPeek.Read(body.Span, surface.MaxTokensField, out _)!.Value);

    /// <summary>The request for targets of other dialects; read when the first of them is asked.</summary>
    public Translation? Translate(Surface surface, out GatewayError? problem)
    {
        if (translation is null && untranslatable is null) translation = Translation.Read(surface, Body, earlier: null, out untranslatable);
        problem = untranslatable;
        return translation;
    }
}
