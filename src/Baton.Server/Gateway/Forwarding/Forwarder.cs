using Baton.Server.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Takes a request of an application to whoever answers for its model, and the answer back. What need not change goes through as it came.
/// </summary>
internal sealed class Forwarder(RouteTable table, RouteCaller models, BuiltInCompletions builtIns, UsageLedger ledger, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Forwarder> log)
{
    private const int MaxNamesShown = 8;

    public async Task HandleAsync(HttpContext http, Surface surface)
    {
        var call = GatewayCall.Of(http, surface, time);
        try
        {
            // 1. The body, as it is.
            var (body, problem) = await ReadAsync(http);
            if (problem is not null)
            {
                await call.RefuseAsync(problem);
                return;
            }
            // 2. What has to be known of it.
            if (RequestPeek.Read(body.Span, surface.MaxTokensField, out problem) is not { } peek)
            {
                await call.RefuseAsync(problem!);
                return;
            }
            var routes = table.Current;
            var model = peek.Model is { Length: > 0 } named ? named : routes.DefaultModel;
            call.Account.Prompt = body;
            // 3. Who answers for the model.
            if (ModelCaller.BuiltIns.Contains(model, StringComparer.OrdinalIgnoreCase)) await builtIns.AnswerAsync(call, model, body, peek.IsStream);
            else if (routes.Find(call.Origin.Tenant, model) is not { } route) await call.RefuseAsync(Unknown(model, routes.For(call.Origin.Tenant)));
            // 4. What they say.
            else
            {
                var request = new ForwardedRequest(body, peek);
                await models.AskAsync(call, route, _ => request);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            call.Account.Outcome = CallOutcome.Cancelled;
            log.ClientGone(call.Id, call.Elapsed.TotalMilliseconds);
        }
        finally
        {
            // 5. What it used, and what came of it.
            ledger.Close(call.Account);
        }
    }

    private async Task<(ReadOnlyMemory<byte> Body, GatewayError? Problem)> ReadAsync(HttpContext http)
    {
        var (request, limit) = (http.Request, options.Value.MaxRequestBytes);
        if (request.Headers.ContentEncoding.Count > 0) return (default, GatewayError.Invalid("Send the body without Content-Encoding.") with { Status = 415 });
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = (long)limit + 1;
        try
        {
            return await RequestBody.ReadAsync(request, limit, http.RequestAborted) is { } body ? (body, null) : (default, GatewayError.TooLarge(limit));
        }
        catch (BadHttpRequestException e)
        {
            return (default, e.StatusCode == 413 ? GatewayError.TooLarge(limit) : GatewayError.Invalid(e.Message));
        }
    }

    private static GatewayError Unknown(string model, IEnumerable<ModelRoute> known)
    {
        var near = string.Join(", ", Engine.Nearest.Few(model, known.Select(route => route.Name).Concat(ModelCaller.BuiltIns), MaxNamesShown));
        return new GatewayError(404, "not_found_error", "model_not_found", $"There is no model '{Clip(model)}' here.{(near.Length == 0 ? "" : $" Nearest are: {near}.")} GET /v1/models lists them all.", "model");
    }

    private static string Clip(string text) => text.Length <= 200 ? text : $"{text[..200]}…";
}
