using Baton.Engine;
using Baton.Engine.Dsl;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>A request that was answered.</summary>
/// <param name="Request">The last one that was sent, without what authentication added to it.</param>
/// <param name="Secrets">What may not be quoted.</param>
internal sealed record Exchange(OutboundRequest Request, OutboundResponse Response, Secrets Secrets);

/// <summary>Sends requests with their authentication, follows redirects where that is wanted, and keeps the time.</summary>
internal sealed class OutboundHttp(OutboundClient client, Authenticator authenticator, IOptions<OutboundOptions> options, TimeProvider time, ILogger<OutboundHttp> log)
{
    /// <param name="follow">True to follow redirects, at most <see cref="OutboundOptions.MaxRedirects"/>; a redirect that cannot be followed is the answer.</param>
    /// <param name="limit">Largest success that is taken, in bytes.</param>
    /// <param name="limitSetting">The option that holds it, for the message.</param>
    /// <exception cref="WorkflowException">No answer came, or one that is too large.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async Task<Exchange> SendAsync(OutboundRequest request, Authentication? authentication, bool follow, int limit, string limitSetting, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var exchange = await Deadline.RunAsync(
            options.Value.Timeout, time, $"{request.Label} was not answered in full within {options.Value.Timeout.TotalSeconds:0.###} s (Outbound:Timeout).",
            token => SendAllAsync(request, authentication, follow, limit, limitSetting, token), cancel);
        log.Answered(request.Method, exchange.Request.Uri.Host, exchange.Response.Status, time.GetElapsedTime(started).TotalMilliseconds);
        return exchange;
    }

    private async Task<Exchange> SendAllAsync(OutboundRequest request, Authentication? authentication, bool follow, int limit, string limitSetting, CancellationToken cancel)
    {
        var secrets = Secrets.Of(request.Headers.Where(h => Secrets.IsCredential(h.Key)).Select(h => h.Value).Concat(SafeUri.SecretsIn(request.Uri)));
        for (var hop = 0; ; hop++)
        {
            var (response, more) = await authenticator.SendAsync(
                request, authentication, (authenticated, token) => client.SendAsync(authenticated, limit, limitSetting, token), cancel);
            secrets = secrets.And(more);
            if (!follow || Redirect.Next(request, response) is not { } next) return new Exchange(request, response, secrets);
            if (hop == options.Value.MaxRedirects)
            {
                throw CallErrors.BadAnswer($"{request.Label} still redirects after {hop} redirects (Outbound:MaxRedirects).", ErrorClass.Generic);
            }
            if (!Redirect.IsSameOrigin(request.Uri, next.Uri)) authentication = null;   // a credential is for the host that it was given for
            request = next;
        }
    }
}
