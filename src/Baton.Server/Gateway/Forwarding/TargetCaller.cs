using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Asks one target, and hands on what it answers once it is sure that there is an answer: until then another target can take its place unseen.</summary>
internal sealed partial class TargetCaller(OutboundClient client, KeptResponses responses, IOptions<GatewayOptions> options, TimeProvider time, ILogger<TargetCaller> log)
{
    /// <param name="next">Its part in the call is ended here.</param>
    /// <param name="begun">What another target has begun, for this one to go on with; null for an answer of its own.</param>
    /// <exception cref="OperationCanceledException">The client is gone.</exception>
    public async Task<Attempt> AskAsync(GatewayCall call, BegunTarget next, ForwardedRequest request, BegunAnswer? begun = null)
    {
        var (route, target, era) = next;
        using var ending = target.Health.EndOnDispose();
        var label = target.Label;
        var gone = call.Cancel;
        // What has no words in the target's dialect may have some in another's: nothing is wrong with the target.
        var addsUsage = AddsUsage(call.Surface, target, request.Peek);
        var (asked, body, translation) = Prepare(call, route, target, request, addsUsage, out var problem);
        if (problem is not null) return new Attempt.Failed(problem, MayTryAnother: true) { WasAsked = false };
        if (begun is not null) body = BegunAnswer.Mark(body, target.Options.Prefill);
        call.Asks(route, target);
        using var limits = new CallLimits(label, route.Options, call, time);
        var share = target.Health.Share.Begin();
        var (sent, isWaiting) = (0L, false);
        try
        {
            var key = ApiKey.Get(target);
            var message = new ForwardMessage("POST", target.At(asked), body);
            ForwardedHeaders.ToTarget(call.RequestHeaders, message, target, key);
            (sent, isWaiting) = (time.GetTimestamp(), true);
            using var response = await client.ForwardAsync(message, label, target.IsConfigured, limits.Token);
            if (!response.IsSuccess) return await RefusedAsync(response, next, key, translation is null ? null : call, limits);
            call.Waited(sent);
            isWaiting = false;
            using var answer = new Answer(call, next, request, response, limits, time, sent, addsUsage, key)
            {
                Begun = begun, Said = BegunAnswer.MayBe(call, route, asked, request.Peek) ? new AnswerBytes() : null,
            };
            if (begun is not null)
            {
                using var rest = begun.Rest(target.Dialect, responses.AreOn);
                return await GoOnAsync(answer, rest);
            }
            if (translation is not null)
            {
                using var answered = translation.Answer(target.Dialect, route.Options, call.Id[RequestId.Prefix.Length..], call.Account.At, request.Peek.Model ?? route.Name, responses.AreOn);
                return await TranslateAsync(answer, answered, translation.Conversation.IsStream);
            }
            return response.IsEvents ? await StreamAsync(answer) : await WholeAsync(answer);
        }
        catch (WorkflowException e)
        {
            target.Health.Failed(e.Class.ToName(), era, limits.Elapsed);
            return new Attempt.Failed(GatewayError.Unreachable(e.Error.Detail ?? label) with { Cause = e }, MayTryAnother: true);
        }
        catch (OperationCanceledException) when (limits.AreOver && !gone.IsCancellationRequested)
        {
            if (limits.WereUsedUp) target.Health.Abandoned(limits.Elapsed);
            else target.Health.Failed("timeout", era, limits.Elapsed);
            return new Attempt.Failed(GatewayError.TimedOut(limits.Reason), MayTryAnother: true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !gone.IsCancellationRequested && (begun is not null || !call.Answer.HasBegun))
        {
            target.Health.Failed("connectivity", era, limits.Elapsed);
            return new Attempt.Failed(GatewayError.Unreachable(CallErrors.Unreachable(label, e).Error.Detail!), MayTryAnother: true);
        }
        catch (Exception e) when (gone.IsCancellationRequested && !call.Answer.HasBegun && e is OperationCanceledException or HttpRequestException or IOException)
        {
            target.Health.Abandoned(limits.Elapsed);
            throw;
        }
        finally
        {
            if (isWaiting) call.Waited(sent);   // for an answer that did not come, or for the words of an error
            call.Account.Ends(target, target.Health.Share.End(share));
        }
    }

    /// <summary>Where the target is asked, and with which words.</summary>
    /// <returns>With a translation where they are not the caller's own.</returns>
    private static (Surface Asked, ReadOnlyMemory<byte> Body, Translation? Translation) Prepare(GatewayCall call, ModelRoute route, ModelTarget target, ForwardedRequest request, bool addsUsage, out GatewayError? problem)
    {
        problem = null;
        var surface = call.Surface;
        var asked = target.SurfaceFor(surface, request.Earlier is not null) ?? surface;
        if (asked == surface)
        {
            var body = RequestPatch.Apply(request.Body, request.Peek, target.Model, MostTokens(call, route.Options), FieldFor(surface, route.Options), addsUsage);
            return (asked, request.IsMixed && target.Dialect == Dialect.Anthropic ? MixedHistory.ForAnthropic(body) : body, null);
        }
        if (request.Translate(surface, out problem) is not { } translation) return (asked, default, null);
        return (asked, translation.Write(target.Dialect, target.Model, route.Options, call.Spending?.Affordable, target.Options.StreamUsage, out problem), translation);
    }

    /// <summary>A stream is handed on from its first event with data on, and event by event: what breaks off in the middle of one is not seen.</summary>
    private async Task<Attempt> StreamAsync(Answer answer)
    {
        var length = 0;
        while (!Frames.HaveData(answer.Buffer.AsSpan(0, Frames.CompleteLength(answer.Buffer.AsSpan(0, length)))))
        {
            if (length == Answer.MaxBuffer) break;
            var read = await answer.ReadAsync(length);
            if (read == 0) return Broken(answer, "ended its stream before it had said anything");
            length += read;
        }
        var begin = answer.Buffer.AsSpan(0, length);
        if (Surface.ErrorAt(begin) is >= 0 and var at && !Frames.HaveData(begin[..at])) return Broken(answer, "began its answer with an error");
        answer.BeginStream();
        return await EndAsync(answer, PumpAsync(answer, length));
    }

    /// <summary>Sees a stream that has begun to its end.</summary>
    /// <param name="pumping">Whether the answer came to its own end.</param>
    /// <param name="translation">What it goes through; null for a stream that passes as it is.</param>
    private async Task<Attempt> EndAsync(Answer answer, Task<bool> pumping, AnswerTranslation? translation = null)
    {
        var call = answer.Call;
        GatewayError error;
        try
        {
            if (await pumping)
            {
                answer.Response.Finish();
                return Attempt.Delivered.Instance;
            }
            if (await EndedBySpendingAsync(call)) return Attempt.Delivered.Instance;
            error = (translation?.Failure ?? answer.Failure) is { } failure ? answer.Mask(failure) : GatewayError.Broken($"{answer.Label} ended its stream in the middle of an answer.");
        }
        catch (OperationCanceledException) when (answer.Limits.AreOver && !call.Cancel.IsCancellationRequested)
        {
            error = GatewayError.TimedOut(answer.Limits.Reason);
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !call.Cancel.IsCancellationRequested)
        {
            error = GatewayError.Broken($"{answer.Label} broke off in the middle of an answer.");
        }
        catch (Exception e) when (!call.Cancel.IsCancellationRequested)   // nobody behind this one can still end the stream in its own words
        {
            log.CallFailed(e, call.Id);
            error = GatewayError.Fault(call.Id);
        }
        log.StreamBroken(call.Id, call.AskedLast!, error.Code ?? error.Type);
        answer.Failed("broken stream");
        return new Attempt.BrokenOff(error, answer.Said?.Whole is { } said ? BegunAnswer.Of(call, answer.Route, answer.Request, answer.Begun, answer.Target.Dialect, said) : null);
    }

    /// <returns>Whether an answer has come to an end because its money is used up; then that is told.</returns>
    private async ValueTask<bool> EndedBySpendingAsync(GatewayCall call)
    {
        if (call.Spending is not { IsSpent: true } spending) return false;
        log.BudgetSpent(call.Id, spending.Budget.Name);
        call.Account.Outcome = CallOutcome.Broken;
        await call.BreakAsync(BudgetErrors.Spent(spending.Budget, call.Surface.Dialect), spending.Budget);
        return true;
    }

    /// <returns>Whether the answer came to its own end.</returns>
    private static async Task<bool> PumpAsync(Answer answer, int length)
    {
        var (surface, client, gone) = (answer.Call.Surface, answer.Call.Answer, answer.Call.Cancel);
        var (isComplete, choices) = (false, answer.Request.Peek.Choices);
        while (true)
        {
            var buffer = answer.Buffer;
            var whole = Frames.CompleteLength(buffer.AsSpan(0, length));
            if (whole == 0 && length == Answer.MaxBuffer) whole = length;   // an event larger than the buffer goes in pieces
            if (whole > 0)
            {
                isComplete |= surface.IsEnd(buffer.AsSpan(0, whole), choices);
                if (answer.Said is not null && Surface.ErrorAt(buffer.AsSpan(0, whole)) is >= 0 and var at)   // another may go on in its place
                {
                    answer.ReadFailure(buffer.AsMemory(at, whole - at));
                    whole = at;
                }
                answer.Tap.Observe(buffer.AsSpan(0, whole));
                var kept = answer.AddsUsage ? AddedUsage.TakeOut(buffer.AsSpan(0, whole)) : whole;
                answer.Limits.Pause();
                if (kept > 0) await client.WriteAsync(buffer.AsMemory(0, kept), gone);
                if (answer.Call.Spending is { } spending && !await spending.SeeAsync(gone) && !isComplete) return false;
                if (answer.Failure is not null) return isComplete;
                answer.Limits.Heard();
                buffer.AsSpan(whole, length - whole).CopyTo(buffer);
                length -= whole;
            }
            int read;
            try
            {
                read = await answer.ReadAsync(length);
            }
            catch (Exception e) when (isComplete && !gone.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
            {
                return true;   // what breaks behind the end is the goodbye
            }
            if (read > 0)
            {
                length += read;
                continue;
            }
            if (length > 0 && (isComplete || surface.IsEnd(buffer.AsSpan(0, length), choices)))   // the last event needs no empty line behind it
            {
                answer.Tap.Observe(buffer.AsSpan(0, length));
                var kept = answer.AddsUsage ? AddedUsage.TakeOut(buffer.AsSpan(0, length)) : length;
                if (kept > 0) await client.WriteAsync(buffer.AsMemory(0, kept), gone);
                return true;
            }
            return isComplete;
        }
    }

    private static async ValueTask<Attempt> WholeAsync(Answer answer)
    {
        var length = 0;
        for (int read; length < Answer.MaxBuffer && (read = await answer.ReadAsync(length)) > 0;) length += read;
        var (client, gone) = (answer.Call.Answer, answer.Call.Cancel);
        if (length == 0) return Broken(answer, "answered with nothing");
        if (answer.Response.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase)) return Broken(answer, "answered with a page for people");   // of a proxy before it
        var isWhole = length < Answer.MaxBuffer;
        answer.Tap = new UsageTap(isStream: false);
        answer.Tap.Observe(answer.Buffer.AsSpan(0, length));   // it has been used, even where another target was sooner
        answer.BeginWhole(isWhole ? length : null);
        if (isWhole)
        {
            await client.WriteAsync(answer.Buffer.AsMemory(0, length), gone);
            return Attempt.Delivered.Instance;
        }
        try
        {
            while (length > 0)
            {
                answer.Limits.Pause();
                await client.WriteAsync(answer.Buffer.AsMemory(0, length), gone);
                answer.Limits.Heard();
                length = await answer.ReadAsync(0);
                answer.Tap.Observe(answer.Buffer.AsSpan(0, length));
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !gone.IsCancellationRequested)
        {
            answer.Failed("broken answer");
            answer.Call.Account.Outcome = CallOutcome.Broken;
            client.Abort();   // half of an object must not look like a whole one
        }
        return Attempt.Delivered.Instance;
    }

    private static Attempt.Failed Broken(Answer answer, string how)
    {
        answer.Failed("broken stream");
        return new Attempt.Failed(GatewayError.Broken($"{answer.Label} {how}."), MayTryAnother: true);
    }

    private async Task<Attempt> RefusedAsync(ForwardedAnswer response, BegunTarget asked, string? key, GatewayCall? translatedFor, CallLimits limits)
    {
        var (_, target, era) = asked;
        var (status, label, retryAfter) = (response.Status, target.Label, response.Header("Retry-After"));
        var body = await ErrorReply.ReadAsync(response, limits.Token);
        var mayTryAnother = true;
        switch (status)
        {
            case < 400:
                target.Health.Failed(CallErrors.Name(status), era, limits.Elapsed);
                return Because(UpstreamErrors.Redirected(status, label), "upstream_redirect");
            case 401 or 403:   // of the gateway, not of the caller: who would look for it in a key that is right
                if (status == 401) target.Health.Failed(CallErrors.Name(status), era, limits.Elapsed);
                else Passed(target, limits);   // it may be the key or what was asked: one caller must not close the target to all
                var said = new Quotation(key, []).Of(UpstreamError.Read(status, body).Message);   // for whoever runs workflows here; for applications not: some tell the end of the key
                var refused = Because(UpstreamErrors.NotAccepted(status, label, target, said: null), "upstream_credential");
                return refused with { Error = refused.Error with { Cause = UpstreamErrors.NotAccepted(status, label, target, said) } };
            case 429:
                target.Health.Answered(null);
                target.Health.Cool(ErrorReply.RetryAfter(retryAfter, time));
                break;
            case 402 or 408 or >= 500:   // 402: its account is empty
                target.Health.Failed(CallErrors.Name(status), era, limits.Elapsed);
                break;
            case 404 or 405 or 409 or 410 or 413 or 425:
                Passed(target, limits);
                break;
            default:
                target.Health.Answered(null);
                mayTryAnother = false;   // every target would say the same
                break;
        }
        var text = Encoding.UTF8.GetString(body);
        var secrets = Secrets.Of(key);
        var shown = secrets.Mask(text);
        var headers = ForwardedHeaders.OfRefusal(response, secrets, isTranslated: translatedFor is not null);
        var reply = translatedFor is not null ? Reply(translatedFor, ErrorTranslation.Read(status, shown)) with { Headers = headers }
            : new UpstreamReply(status, headers, shown == text ? body : Encoding.UTF8.GetBytes(shown));
        return new Attempt.Failed(GatewayError.Unreachable($"{label} was answered {CallErrors.Name(status)}."), mayTryAnother) { Reply = reply };
    }

    /// <summary>It is well, but another has to answer.</summary>
    private static void Passed(ModelTarget target, CallLimits limits)
    {
        target.Health.Answered(null);
        target.Health.Missed(limits.Elapsed);
    }

    private static Attempt.Failed Because(WorkflowException cause, string code) => new(GatewayError.Unreachable(cause.Error.Detail!) with { Code = code, Cause = cause }, MayTryAnother: true);

    /// <summary>Whether usage has to be asked for that the client did not ask for: what it sees stays as it would be.</summary>
    private static bool AddsUsage(Surface surface, ModelTarget target, RequestPeek peek) =>
        peek is { IsStream: true, AsksForUsage: false } && target is { Dialect: Dialect.OpenAi, Options.StreamUsage: true } && (surface == Surface.ChatCompletions || surface == Surface.Completions);

    private static int? MostTokens(GatewayCall call, ModelOptions model) => call.Spending?.Affordable is { } affordable ? Math.Min(affordable, model.MaxOutputTokens ?? affordable) : model.MaxOutputTokens;

    private static string? FieldFor(Surface surface, ModelOptions model) => surface == Surface.ChatCompletions ? model.MaxTokensField : surface.MaxTokensField;
}
