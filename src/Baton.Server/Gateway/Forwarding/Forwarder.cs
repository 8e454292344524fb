using System.Data.Common;
using Baton.Engine;
using Baton.Server.Http;
using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Takes a request of an application to whoever answers for its model, and the answer back. What need not change goes through as it came.
/// </summary>
internal sealed class Forwarder(RouteTable table, LimitGate limits, RouteCaller models, KeptResponses responses, BuiltInCompletions builtIns, AnswerCache cache, ResumableStreams streams, UsageLedger ledger, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Forwarder> log)
{
    private const int MaxNamesShown = 8, MaxShown = 200;

    /// <summary>Answers a request that the server has read the head of.</summary>
    public async Task HandleAsync(HttpContext http, Surface surface)
    {
        var call = GatewayCall.Of(http, surface, time);
        try
        {
            var (body, problem) = await ReadAsync(http);
            await AnswerAsync(call, body, problem);
        }
        catch (Exception e) when (IsExpected(call, e))
        {
            await FailAsync(call, e);
        }
        finally
        {
            End(call);
        }
    }

    /// <summary>Answers a call. Whoever calls this sees to what it throws by <see cref="IsExpected"/> and <see cref="FailAsync"/>, and in the end calls <see cref="End"/>; a method around it that did would wait, too, in each call.</summary>
    /// <param name="problem">Why the body is not taken, where it is not.</param>
    public Task AnswerAsync(GatewayCall call, ReadOnlyMemory<byte> body, GatewayError? problem = null)
    {
        if (call.RequestHeaders.TryGetValue(CacheHeaders.LastEventId, out var seen)) return streams.ResumeAsync(call, seen.ToString());   // the rest of an answer that it has the start of
        if (problem is not null) return call.RefuseAsync(problem);
        var beginning = BeginAsync(call, body);
        return beginning.IsCompletedSuccessfully ? beginning.Result : beginning.AsTask().Unwrap();
    }

    /// <summary>Whether nothing is wrong with the server itself, or it can still be said what is.</summary>
    public static bool IsExpected(GatewayCall call, Exception e) => !call.Answer.HasBegun || IsClientGone(call, e);

    /// <summary>Nobody waits for the answer any more, or there is none.</summary>
    public Task FailAsync(GatewayCall call, Exception e)
    {
        if (!IsClientGone(call, e)) return call.RefuseAsync(Failed(call, e));
        call.Account.Outcome = CallOutcome.Cancelled;
        log.ClientGone(call.Id, call.Elapsed.TotalMilliseconds);
        return Task.CompletedTask;
    }

    /// <summary>What the call used, and what came of it, is accounted for.</summary>
    public void End(GatewayCall call)
    {
        if (!call.IsHandedOver) call.End(ledger);
    }

    private static bool IsClientGone(GatewayCall call, Exception e) => e is OperationCanceledException && call.Cancel.IsCancellationRequested;

    /// <summary>What comes before any target is asked. It mostly need not wait: what waits for the target is not this, but who called it.</summary>
    /// <returns>What answers or refuses it, which has begun.</returns>
    private async ValueTask<Task> BeginAsync(GatewayCall call, ReadOnlyMemory<byte> body)
    {
        // 1. What has to be known of it.
        var surface = call.Surface;
        if (RequestPeek.Read(body.Span, surface, out var problem) is not { } peek) return call.RefuseAsync(problem!);
        var routes = table.Current;
        var model = peek.Model is { Length: > 0 } named ? named : routes.DefaultModel;
        call.Account.OwnTokens = peek.PromptTokens;
        // 2. Who answers for the model, where the caller may ask for it.
        if (call.Origin.Key is { } key && !key.Allows(model)) return call.RefuseAsync(NotAllowed(key, model));
        var isBuiltIn = ModelCaller.IsBuiltIn(model);
        var route = isBuiltIn ? null : routes.Find(call.Origin.Tenant, model);
        if (!isBuiltIn && route is null) return call.RefuseAsync(Unknown(model, call.Origin.Key, routes.For(call.Origin.Tenant)));
        call.Account.Asked = route?.Name;
        // 3. What it goes on from, where that is kept here.
        var (whole, earlier) = ((ReadOnlyMemory<byte>?)null, (ConversationSize?)null);
        if (surface == Surface.Responses)
        {
            (whole, problem) = await responses.PutItemsAsync(call, body);
            if (whole is { } put)
            {
                (body, peek) = (put, RequestPeek.Read(put.Span, surface, out problem) ?? default);
                call.Account.OwnTokens = peek.PromptTokens;
            }
            if (problem is null) (earlier, problem) = await responses.FindAsync(call, peek.PreviousResponse);
            if (problem is not null) return call.RefuseAsync(problem);
        }
        call.Account.EarlierTokens = earlier?.PromptTokens ?? 0;
        // 4. Whether there is room for it within the caller's limits.
        if (!await limits.AdmitAsync(call, model, route, peek)) return Task.CompletedTask;   // it has been refused
        // 5. What was said before.
        (var turns, problem) = earlier is not null ? await responses.ReadAsync(call, peek.PreviousResponse!) : (whole is null ? null : EarlierTurns.InRequest, null);
        if (problem is not null) return call.RefuseAsync(problem);
        // 6. What is said now.
        var request = new ForwardedRequest(body, peek) { Earlier = turns, IsMixed = route?.IsMixed == true };
        return route is null ? BuiltInAsync(call, model, request) : RouteAsync(call, route, request);
    }

    private Task BuiltInAsync(GatewayCall call, string model, ForwardedRequest request)
    {
        return request.Peek.IsStream && ResumableStreams.IsAskedFor(call) ? streams.AnswerAsync(call, AskAsync) : AskAsync(call);

        Task AskAsync(GatewayCall asked) => builtIns.AnswerAsync(asked, model, request.Body, request.Peek.IsStream, request.Earlier);
    }

    private Task RouteAsync(GatewayCall call, ModelRoute route, ForwardedRequest request)
    {
        var isResumable = request.Peek.IsStream && ResumableStreams.IsAskedFor(call);
        return isResumable || AnswerCache.Concerns(call, route) ? ShareAsync(call, route, request, isResumable) : models.AskAsync(call, route, request);
    }

    /// <summary>The answer may be more than this caller's, and may be there already.</summary>
    private Task ShareAsync(GatewayCall call, ModelRoute route, ForwardedRequest request, bool isResumable)
    {
        return isResumable ? streams.AnswerAsync(call, AskAsync) : cache.AnswerAsync(call, route, request.Body, AskAsync);

        Task AskAsync(GatewayCall asked) => models.AskAsync(asked, route, request);
    }

    /// <summary>What nobody foresaw, in words that the caller can read.</summary>
    private GatewayError Failed(GatewayCall call, Exception e)
    {
        if (e is StorageUnavailableException or DbException) return new GatewayError(503, "overloaded_error", "storage_unavailable", $"The storage does not answer now: {e.Message}") { RetryAfter = TimeSpan.FromSeconds(1) };
        log.CallFailed(e, call.Id);
        return GatewayError.Fault(call.Id);
    }

    private async ValueTask<(ReadOnlyMemory<byte> Body, GatewayError? Problem)> ReadAsync(HttpContext http)
    {
        var (request, limit) = (http.Request, options.Value.MaxRequestBytes);
        RequestBody.Admit(request, limit);
        if (request.Headers.ContentEncoding.Count > 0) return (default, GatewayError.Invalid("Send the body without Content-Encoding.") with { Status = 415 });
        try
        {
            return await RequestBody.ReadAsync(request, limit, http.RequestAborted) is { } body ? (body, null) : (default, GatewayError.TooLarge(limit));
        }
        catch (BadHttpRequestException e)
        {
            return (default, e.StatusCode switch { 413 => GatewayError.TooLarge(limit), 408 => GatewayError.TooSlow(), _ => GatewayError.Invalid(e.Message) });
        }
    }

    /// <summary>Says the same of a model that is not there: what a key may not ask for is none of its holder's business.</summary>
    internal static GatewayError NotAllowed(VirtualKey key, string model) =>
        new(403, "permission_error", "model_not_allowed", $"The key '{key.Name}' may not ask for '{model.Clip(MaxShown)}'. Its models: {string.Join(", ", key.Models).Clip(MaxShown)}.", "model");

    internal static GatewayError Unknown(string model, VirtualKey? key, IEnumerable<ModelRoute> known)
    {
        var near = string.Join(", ", Engine.Nearest.Few(model, known.Select(route => route.Name).Concat(ModelCaller.BuiltIns).Where(name => key?.Allows(name) != false), MaxNamesShown));
        return new GatewayError(404, "not_found_error", "model_not_found", $"There is no model '{model.Clip(MaxShown)}' here.{(near.Length == 0 ? "" : $" Nearest are: {near}.")} GET /v1/models lists them all.", "model");
    }
}
