using System.Collections.Immutable;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>Makes the HTTP calls of workflows.</summary>
/// <remarks>
/// The language's <c>redirect</c>: false makes every status outside of 200 to 299 an error, so nothing is followed; true makes those outside
/// of 200 to 399 an error. What an author wants with true is the thing itself, so redirects are then followed (GET after 303, and after 301
/// and 302 of a POST; credentials only on the same origin; never from https to http). A 3xx that leads nowhere (304, no Location) is the
/// answer, and a success.
/// </remarks>
internal sealed class HttpCalls(OutboundHttp http, IOptions<OutboundOptions> options, TimeProvider time)
{
    /// <summary>Makes a call and gives what the workflow asked for of its answer.</summary>
    /// <exception cref="WorkflowException">It could not be made, got no answer, or one that is not a success.</exception>
    /// <exception cref="OperationCanceledException">The step was cancelled.</exception>
    public Task<JqValue> PerformAsync(EffectRequest.Http call, StepContext step) => PerformAsync(HttpCall.Create(call, step), step.Cancel);

    public async Task<JqValue> PerformAsync(HttpCall call, CancellationToken cancel)
    {
        var exchange = await http.SendAsync(
            call.Request, call.Authentication, call.AcceptRedirects, options.Value.MaxResponseBytes, "Outbound:MaxResponseBytes", cancel);
        RequireSuccess(exchange, call.AcceptRedirects, time);
        return call.Output switch
        {
            HttpOutput.Raw => exchange.Response.Body.IsEmpty ? JqValue.Null : Convert.ToBase64String(exchange.Response.Body.Span),
            HttpOutput.Response => Describe(exchange),
            _ => ResponseContent.Read(exchange.Request, exchange.Response),
        };
    }

    /// <exception cref="WorkflowException">The status is not one that counts as a success.</exception>
    public static void RequireSuccess(Exchange exchange, bool acceptRedirects, TimeProvider time)
    {
        var (request, response, secrets) = exchange;
        if (response.Status >= 200 && response.Status < (acceptRedirects ? 400 : 300)) return;
        var detail = $"{request.Label} was answered {CallErrors.Name(response.Status)}.";
        if (Redirect.Next(request, response) is { } next) detail += $" It redirects to {SafeUri.ForMessage(next.Uri)}; set 'redirect' to true to follow.";
        if (ResponseContent.Excerpt(response, secrets) is { } excerpt) detail += $" It says: {excerpt}";
        throw CallErrors.Status(response.Status, detail, response.RetryAfter(time));
    }

    private static JqValue Describe(Exchange exchange) => JqValue.Object(
        ("request", JqValue.Object(
            ("method", exchange.Request.Method),
            ("uri", SafeUri.ForOutput(exchange.Request.Uri)),
            ("headers", Headers(exchange.Request.Headers.RemoveAll(header => Secrets.IsCredential(header.Key)))))),
        ("statusCode", exchange.Response.Status),
        ("headers", Headers(exchange.Response.Headers)),
        ("content", ResponseContent.Read(exchange.Request, exchange.Response)));

    private static JqValue Headers(ImmutableArray<KeyValuePair<string, string>> headers)
    {
        var members = new JqObject.Builder(headers.Length);
        foreach (var group in headers.GroupBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            members[group.Key] = string.Join(", ", group.Select(header => header.Value));
        }
        return members.ToObject();
    }
}
