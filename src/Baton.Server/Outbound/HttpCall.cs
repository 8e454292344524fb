using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>A call that a workflow asked for, ready to be made: what an HTTP call and an OpenAPI operation have in common.</summary>
internal sealed record HttpCall(OutboundRequest Request, HttpOutput Output, bool AcceptRedirects, Authentication? Authentication)
{
    private static readonly string Agent = $"baton/{typeof(HttpCall).Assembly.GetName().Version?.ToString(3)}";

    // The longest key that is accepted everywhere.
    private const int MaxKeyLength = 255;
    private const int MaxRunLength = 64;

    /// <exception cref="WorkflowException">The call cannot be made as it is written.</exception>
    public static HttpCall Create(EffectRequest.Http call, StepContext step)
    {
        var contentType = call.Headers.FirstOrDefault(h => h.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Value;
        // An expression that finds nothing gives null: that is no body, rather than the four letters of JSON's null.
        var body = call.Body is { IsNull: false } value ? RequestBody.Encode(value, contentType) : null;
        var request = Prepare(call.Method, WithQuery(call.Uri, call.Query), call.Headers, body, step);
        return new HttpCall(request, call.Output, call.AcceptRedirects, call.Authentication);
    }

    /// <summary>Checks what was asked for and adds what every call carries.</summary>
    /// <exception cref="WorkflowException">The call cannot be made as it is written.</exception>
    public static OutboundRequest Prepare(string method, Uri uri, ImmutableArray<KeyValuePair<string, string>> headers, RequestBody? body, StepContext step)
    {
        method = HeaderRules.Method(method);
        uri = CheckUri(uri);
        HeaderRules.Check(headers, uri);
        var request = new OutboundRequest(method, uri, headers, body?.Bytes) { RefreshesCredential = step.RefreshesCredential }.Without("Host");
        if (body is not null) request = request.With("Content-Type", body.ContentType);
        if (!request.Has("User-Agent")) request = request.With("User-Agent", Agent);
        if (!request.Has("Accept")) request = request.With("Accept", "application/json, */*;q=0.8");
        return HeaderRules.IsSafe(method) || request.Has("Idempotency-Key") ? request : request.With("Idempotency-Key", HeaderKey(step.IdempotencyKey));
    }

    /// <exception cref="WorkflowException">Not http or https, or it holds credentials.</exception>
    public static Uri CheckUri(Uri uri)
    {
        if (!uri.IsAbsoluteUri) throw CallErrors.Invalid($"'{uri.OriginalString}' is not an absolute URI.");
        if (uri.Scheme is not ("http" or "https")) throw CallErrors.Invalid($"Only http and https can be called, not '{uri.Scheme}'.");
        // Written there they would end in journals, logs and Referer headers.
        if (uri.UserInfo.Length > 0) throw CallErrors.Invalid("A URI must not hold a user name or password; give the endpoint an authentication instead.");
        return uri.Fragment.Length == 0 ? uri : new Uri(uri.GetComponents(UriComponents.HttpRequestUrl, UriFormat.UriEscaped));
    }

    /// <summary>The URI with more parameters behind its own: a scalar gives name=value, an array its name for each element, null nothing.</summary>
    private static Uri WithQuery(Uri uri, ImmutableArray<KeyValuePair<string, JqValue>> query)
    {
        var pairs =
            from parameter in query
            from item in parameter.Value.IsArray ? parameter.Value.AsArray() : [parameter.Value]
            where !item.IsNull
            select $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(RequestBody.Scalar(item, $"The query parameter '{parameter.Key}'"))}";
        return Append(uri, string.Join('&', pairs));
    }

    internal static Uri Append(Uri uri, string query)
    {
        if (query.Length == 0 || !uri.IsAbsoluteUri) return uri;
        var own = uri.GetComponents(UriComponents.Query, UriFormat.UriEscaped);
        var plain = uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.UserInfo | UriComponents.Path, UriFormat.UriEscaped);
        return new Uri($"{plain}?{own}{(own.Length > 0 && !own.EndsWith('&') ? "&" : "")}{query}");
    }

    /// <summary>A step's key in the letters that a header can carry: the same for every attempt, different for every step.</summary>
    public static string HeaderKey(string key)
    {
        var text = new StringBuilder();
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            if (b is > 0x20 and < 0x7f and not (byte)'%') text.Append((char)b);
            else text.Append($"%{b:X2}");
        }
        if (text.Length <= MaxKeyLength) return text.ToString();
        var run = key[..Math.Max(0, key.IndexOf('/', StringComparison.Ordinal))];   // kept in front, for people who search for it
        return $"{(run.Length <= MaxRunLength && run.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? run : "")}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
    }
}
