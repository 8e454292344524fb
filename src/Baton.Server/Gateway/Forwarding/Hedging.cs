namespace Baton.Server.Gateway;

/// <summary>Asks a second target when the first is slower to begin than nearly all are: the first useful answer counts, the other call is cancelled.</summary>
internal sealed class Hedging(TargetCaller targets, TimeProvider time, ILogger<Hedging> log)
{
    /// <summary>So many answers must have been seen before it is known what slow means.</summary>
    private const int FewestAnswers = 20;

    /// <summary>
    /// After which wait a second target may be asked; null for never: where it is not configured, for requests with an Idempotency-Key, as they want to be carried out once, and
    /// at <c>/responses</c>, as each of those is stored where it was made.
    /// </summary>
    public static TimeSpan? After(GatewayCall call, ModelRoute route)
    {
        if (route.Options.HedgeAfter is null || call.Surface == Surface.Responses || call.RequestHeaders.ContainsKey("Idempotency-Key")) return null;
        return route.HedgeAfter ?? FirstByteTimes.Quantile(route.Targets, 0.95, FewestAnswers);
    }

    /// <param name="first">Begun.</param>
    public async Task<Attempt> AskAsync(GatewayCall call, TargetTurn turn, BegunTarget first, ForwardedRequest request, TimeSpan after)
    {
        first.Route.Hedges.Count();
        var race = new AnswerRace(call);
        call.Asks(first.Route, first.Target);
        using var one = race.Join();
        var asking = RunAsync(call, race, one, first, request);
        using (var answered = CancellationTokenSource.CreateLinkedTokenSource(call.Cancel))
        {
            await Task.WhenAny(asking, race.Begun, Task.Delay(after, time, answered.Token));
            await answered.CancelAsync();
        }
        if (asking.IsCompleted || race.Begun.IsCompleted || call.Cancel.IsCancellationRequested || Second() is not { } second) return Taken(one, await asking)!;
        log.Hedges(call.Id, call.AskedLast!, call.Elapsed.TotalMilliseconds, second.Target.Name);
        call.Asks(second.Route, second.Target);
        using var other = race.Join();
        var also = RunAsync(call, race, other, second, request);
        try
        {
            await Task.WhenAll(asking, also);   // the one that loses is cancelled, so it ends soon
        }
        finally
        {
            race.Kept?.Release();   // where none has lost
        }
        var (firstSaid, secondSaid) = (await asking, await also);
        if (firstSaid is Attempt.Delivered or Attempt.BrokenOff || secondSaid is null or Attempt.Failed && firstSaid is Attempt.Failed { MayTryAnother: false }) return Taken(one, firstSaid)!;
        return Taken(other, secondSaid) ?? Taken(one, firstSaid)!;

        Attempt? Taken(AnswerRace.Runner runner, Attempt? attempt)
        {
            if (attempt is not null) call.Takes(runner.Call);
            return attempt;
        }

        BegunTarget? Second()
        {
            if (!first.Route.Hedges.TryTake()) return null;
            if (call.Spending is { } spending && (race.Kept = spending.Another()) is null)
            {
                log.CannotHedge(call.Id);
                return null;
            }
            if (turn.Beside() is { } beside) return beside;
            race.Kept?.Release();
            return null;
        }
    }

    /// <returns>Null when another was sooner.</returns>
    private async Task<Attempt?> RunAsync(GatewayCall whole, AnswerRace race, AnswerRace.Runner runner, BegunTarget next, ForwardedRequest request)
    {
        try
        {
            return log.Noted(runner.Call, await targets.AskAsync(runner.Call, next, request));
        }
        catch (Exception e) when (runner.HasLost && e is OperationCanceledException or HttpRequestException or IOException)
        {
            var loser = whole.Account.Loses(runner.Call.Account);   // it was broken off, but has been at work
            if (whole.Spending is { } spending) race.Kept?.Settle(spending.Cost(loser));
            return null;
        }
        finally
        {
            if (runner.HasWon) whole.Takes(runner.Call);   // with what it has come to, however it ended
        }
    }
}
