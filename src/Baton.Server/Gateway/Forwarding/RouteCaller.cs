using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>
/// The path of every call of a model, of applications and of workflows' steps alike: keeps the money for it and asks the targets of the model, one after the other until one answers,
/// and once more when all have failed with something that may pass. Nothing is read from the database or written to it on the way, but for
/// responses that are kept here.
/// </summary>
internal sealed class RouteCaller(TargetCaller targets, Hedging hedging, BudgetGate budgets, TimeProvider time, ILogger<RouteCaller> log)
{
    /// <param name="own">What the targets of the route are sent.</param>
    /// <param name="others">What those of a route that stands in for it are sent, where that wants it in other words; null for the same.</param>
    /// <exception cref="OperationCanceledException">Nobody waits for the answer any more.</exception>
    public async Task AskAsync(GatewayCall call, ModelRoute first, ForwardedRequest own, Func<ModelRoute, ForwardedRequest>? others = null)
    {
        call.Account.Asked = first.Name;
        if (!await budgets.AdmitAsync(call, first, own.Peek)) return;
        using var spending = call.Spending;   // null where no budget counts it
        var facts = RoutingFacts.Of(call.RequestHeaders, call.Origin.Caller, first, own.Body.Span, own.Earlier is { } earlier ? earlier.Beginning.Span : default);
        first.Retries.Count(time);
        call.StartClock(first.Options.Timeout);
        Attempt.Failed? last = null;
        for (var retry = 0; ; retry++)
        {
            // 1. Each once.
            var mayPass = false;
            var turn = new TargetTurn(first, call.Surface, facts, isAgain: retry > 0);
            while (call.HasTime && (retry == 0 || first.Retries.TryTake(time)) && turn.Next() is { } next)
            {
                var sent = others is null || next.Route == first ? own : others(next.Route);
                var attempt = Hedging.After(call, next.Route) is { } after ? await hedging.AskAsync(call, turn, next, sent, after) : log.Noted(call, await targets.AskAsync(call, next, sent));
                if (attempt is Attempt.BrokenOff broken) await GoOnAsync(call, turn, broken);
                if (attempt is not Attempt.Failed failed) return;
                if (!failed.WasAsked)
                {
                    last ??= failed;
                    continue;
                }
                last = failed;
                mayPass = failed.MayTryAnother && (mayPass || RetryPause.MayPass(failed));
                if (!failed.MayTryAnother) break;
            }
            // 2. All have failed with something that may pass: again, after a while. A step of a run has a policy of its own, which outlives this process.
            if (!mayPass || retry >= first.Options.Retries || call.Origin.Run is not null || call.CanDoWithout || !await PausedAsync(call, first, facts, retry + 1)) break;
        }
        // 3. What the last one said.
        if (last is null && IsEstimated(call.Surface, first)) await EstimateAsync(call, own);
        else await (last is null ? call.RefuseAsync(NoneToAsk(call.Surface, first, facts)) : last.Reply is { } reply ? call.RefuseAsync(reply) : call.RefuseAsync(last.Error));
    }

    /// <summary>Waits before all targets are asked again.</summary>
    /// <returns>False where that would take too long.</returns>
    private async Task<bool> PausedAsync(GatewayCall call, ModelRoute first, RoutingFacts? facts, int retry)
    {
        if (RetryPause.Before(retry, first, call.Surface, facts) is not { } pause || pause >= call.Left) return false;
        log.AsksAgain(call.Id, first.Name, pause.TotalMilliseconds);
        var since = time.GetTimestamp();
        while (pause > TimeSpan.Zero)
        {
            var asleep = time.GetTimestamp();
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(pause.TotalMilliseconds)), time, call.Cancel);
            call.Waited(asleep);
            pause = RetryPause.Rest(first, call.Surface, facts);   // a timer may fire a moment early, and another request may have been told to wait for longer
            if (pause > TimeSpan.Zero && (pause >= call.Left || pause > RetryPause.LongestWait - time.GetElapsedTime(since))) return false;
        }
        return true;
    }

    /// <summary>An answer has broken off: others go on with it, one after the other, as far as they can; else the client is told.</summary>
    private async Task GoOnAsync(GatewayCall call, TargetTurn turn, Attempt.BrokenOff broken)
    {
        while (broken.Begun is { } begun && call.HasTime && turn.NextToGoOn() is { } next)
        {
            log.GoesOn(call.Id, call.AskedLast!, next.Target.Name);
            var attempt = log.Noted(call, await targets.AskAsync(call, next, begun.Request, begun));
            if (attempt is Attempt.Delivered) return;
            if (attempt is Attempt.BrokenOff again) broken = again;
        }
        call.Account.Outcome = CallOutcome.Broken;
        await call.BreakAsync(broken.Error);
    }

    /// <summary>Whether what is asked is how many tokens a prompt has, of targets that do not count.</summary>
    internal static bool IsEstimated(Surface surface, ModelRoute route) => surface == Surface.CountTokens && route.WaitFor(surface) is null;

    /// <summary>No target counts: an estimate, which says that it is one.</summary>
    private static Task EstimateAsync(GatewayCall call, ForwardedRequest request)
    {
        if (request.Translate(call.Surface, out var problem) is not { } translation) return call.RefuseAsync(problem!);
        call.Answer.Headers["x-baton-estimate"] = "input_tokens";
        return call.SendAsync(StatusCodes.Status200OK, JqValue.Object(("input_tokens", TokenEstimate.Of(translation.Conversation))).ToUtf8Bytes());
    }

    /// <summary>Why none is asked, before any has been.</summary>
    internal static GatewayError NoneToAsk(Surface surface, ModelRoute route, RoutingFacts facts)
    {
        if (route.WaitFor(surface) is not { } wait) return GatewayError.Invalid($"The targets of model '{route.Name}' do not speak the dialect of /v1{surface.Path}, and it cannot be translated: ask at /v1/chat/completions.", "model", "wrong_dialect");
        if (route.Fault is null && !route.Serves(surface, facts)) return new GatewayError(403, "permission_error", "no_target_for_request", $"The targets of model '{route.Name}' serve only requests with a header, a tag or a key that this one does not have.", "model");
        return GatewayError.Unavailable(route.WhyNone(surface, facts), wait);
    }
}

/// <summary>A request as it came, and where in it stands what may have to change.</summary>
internal sealed record ForwardedRequest(ReadOnlyMemory<byte> Body, RequestPeek Peek)
{
    private Translation? translation;
    private GatewayError? untranslatable;

    /// <summary>The conversation that it goes on with, where that is kept here; then no target knows it by its id.</summary>
    public EarlierTurns? Earlier { get; init; }

    /// <summary>Whether targets of several dialects may have answered the turns of its conversation.</summary>
    public bool IsMixed { get; init; }

    /// <summary>A request that this process wrote.</summary>
    public static ForwardedRequest Of(ReadOnlyMemory<byte> body, Surface surface) => new(body, RequestPeek.Read(body.Span, surface, out _)!.Value);

    /// <summary>The request for targets of other dialects; read when the first of them is asked.</summary>
    public Translation? Translate(Surface surface, out GatewayError? problem)
    {
        if (translation is null && untranslatable is null) translation = Translation.Read(surface, Body, Earlier?.Items, out untranslatable);
        problem = untranslatable;
        return translation;
    }
}
