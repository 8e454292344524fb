namespace Baton.Server.Gateway;

/// <summary>Takes an answer that is kept, or is being kept, to one who asked for it.</summary>
internal static class AnswerDelivery
{
    /// <summary>Hands on what a listener hears, from its place to the end; then it is known how the call has ended.</summary>
    /// <param name="ids">Names the events; null to leave them as they are.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public static async Task FollowAsync(GatewayCall call, SharedAnswer shared, AnswerListener listener, EventIds? ids = null)
    {
        var recording = shared.Recording;
        if (!recording.HasBegun)
        {
            await call.RefuseAsync(GatewayError.Broken("The call that this answer was to come from was ended."));
            return;
        }
        foreach (var (name, value) in recording.Headers) call.Answer.Headers[name] = value;
        call.Begin(recording.Status, ids is null ? recording.Length : null);
        while (true)
        {
            var (heard, frame) = await listener.NextAsync(call.Cancel);
            if (heard == Heard.Frame) await call.Answer.WriteAsync(ids is null ? frame : ids.AddTo(frame), call.Cancel);
            else if (heard == Heard.End)
            {
                if (recording.State == RecordingState.Whole) call.Account.Outcome = CallOutcome.Cached;
                else if (recording.Status < 400) await BreakAsync(call, shared);
                return;
            }
            else
            {
                call.Account.Outcome = CallOutcome.Broken;
                if (heard != Heard.TooSlow || !IsStream(recording.Headers)) call.Answer.Abort();
                else await call.BreakAsync(GatewayError.Broken("This client read so slowly that the rest of the answer is no longer kept."));
                return;
            }
        }
    }

    /// <summary>A stream has ended before its time. It has said why itself, unless that is a matter of money: whose it is concerns only those who count in the same budget.</summary>
    private static async ValueTask BreakAsync(GatewayCall call, SharedAnswer shared)
    {
        call.Account.Outcome = CallOutcome.Broken;
        if (shared.Asked?.Lacks is not { } budget) return;
        await call.BreakAsync(shared.LacksMoneyOfItsOwn(call) ? GatewayError.Broken("The call that this answer came from was ended.") : BudgetErrors.Spent(budget, call.Surface.Dialect));
    }

    /// <summary>Hands on an answer of the cache, in its pieces, at once.</summary>
    /// <param name="age">Since it was kept.</param>
    public static async Task ReplayAsync(GatewayCall call, CachedAnswer answer, TimeSpan age)
    {
        foreach (var (name, value) in answer.Headers) call.Answer.Headers[name] = value;
        call.Answer.Headers.Age = ((long)age.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        call.Begin(answer.Status, IsStream(call.Answer.Headers) ? null : answer.BodyBytes);
        foreach (var frame in answer.Frames) await call.Answer.WriteAsync(frame, call.Cancel);
    }

    private static bool IsStream(IHeaderDictionary headers) => headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
}
