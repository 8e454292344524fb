using System.Text;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>What an upstream says went wrong, as far as it says it in a shape that is known.</summary>
/// <param name="Status">Null when it came in the middle of a stream.</param>
internal sealed record UpstreamError(int? Status, string? Message, string? Code, string? Type)
{
    // The words that providers have for one thing, in "code" or "type".
    private static readonly string[] Quota = ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "quota_exceeded", "insufficient_credits", "insufficient_balance"];
    private static readonly string[] Context = ["context_length_exceeded", "exceed_context_size_error", "string_above_max_length", "request_too_large"];
    private static readonly string[] Refusal = ["content_filter", "content_policy_violation", "content_filter_error", "moderation_blocked", "responsible_ai_policy_violation"];
    private static readonly string[] Rate = ["rate_limit_exceeded", "rate_limit_error", "rate_limit", "too_many_requests", "tokens", "requests"];
    private static readonly string[] Credential = ["invalid_api_key", "authentication_error", "permission_error", "invalid_authentication"];
    private static readonly string[] Request = ["invalid_request_error", "BadRequestError", "not_found_error", "model_not_found"];

    // Servers that have no word for it say it in a sentence.
    private static readonly string[] ContextSentences = ["maximum context length", "context length exceeded", "exceeds the context", "context window", "prompt is too long", "exceeds the available context size"];

    /// <summary>Reads the shapes in use: <c>{error: {message, code, type}}</c>, <c>{error: "…"}</c>, <c>{message}</c>, <c>{detail: "…"}</c>, <c>{detail: [{loc, msg}]}</c>, and any of them in an array.</summary>
    public static UpstreamError Read(int? status, ReadOnlySpan<byte> body)
    {
        try
        {
            return Of(status, JqValue.Parse(body)) ?? new UpstreamError(status, null, null, null);
        }
        catch (JqParseException)
        {
            // A page of a proxy says nothing that its status does not.
            var text = body.IndexOf((byte)'<') >= 0 ? null : Encoding.UTF8.GetString(body);
            return new UpstreamError(status, text, null, null);
        }
    }

    /// <summary>The error that a value tells of; null when it tells of none.</summary>
    public static UpstreamError? Of(int? status, JqValue value)
    {
        if (value.TryGetArray(out var several)) value = several.Count > 0 ? several[0] : JqValue.Null;
        if (!value.IsObject) return null;
        var error = value["error"];
        if (error.TryGetString(out var sentence)) return new UpstreamError(status, sentence, Word(value["code"]), Word(value["type"]));
        if (error.IsObject) return new UpstreamError(status, Word(error["message"]), Word(error["code"]), Word(error["type"]));
        if (error.IsTruthy) return new UpstreamError(status, null, null, null);
        if (status is null && value["object"] != "error") return null;
        return new UpstreamError(status, Word(value["message"]) ?? Word(value["detail"]) ?? Findings(value["detail"]), Word(value["code"]), Word(value["type"]));
    }

    /// <summary>By the provider's word for it, then by the status.</summary>
    public ErrorClass Class
    {
        get
        {
            if (Status == 402 || Is(Quota)) return ErrorClass.BudgetExceeded;
            if (Is(Context) || (Status is 400 or 413 or 422 or null && SaysContext)) return ErrorClass.ContextTooLong;
            if (Is(Refusal)) return ErrorClass.ContentRefused;
            if ((Status ?? StatusInCode) is { } status) return status is 408 or 504 ? ErrorClass.Connectivity : ErrorClasses.OfStatus(status);
            if (Is(Rate)) return ErrorClass.RateLimit;
            if (Is(Credential)) return ErrorClass.Auth;
            return Is(Request) ? ErrorClass.DataValidation : ErrorClass.ServiceUnavailable;
        }
    }

    private int? StatusInCode => int.TryParse(Code, System.Globalization.CultureInfo.InvariantCulture, out var status) && status is >= 400 and <= 599 ? status : null;

    private bool SaysContext => ContextSentences.Any(sentence => Message?.Contains(sentence, StringComparison.OrdinalIgnoreCase) == true);

    private bool Is(string[] words) => words.Contains(Code, StringComparer.OrdinalIgnoreCase) || words.Contains(Type, StringComparer.OrdinalIgnoreCase);

    /// <summary>What FastAPI finds wrong in a request, each with its place; never the value, which is the prompt's.</summary>
    private static string? Findings(JqValue detail)
    {
        if (!detail.TryGetArray(out var found)) return null;
        var said = string.Join("; ", found.Where(static one => one.IsObject && one["msg"].IsString).Select(static one =>
            one["loc"].TryGetArray(out var place) && place.Count > 0 ? $"{string.Join('.', place.Select(Word))}: {one["msg"].AsString()}" : one["msg"].AsString()));
        return said.Length > 0 ? said : null;
    }

    private static string? Word(JqValue value) => value.TryGetString(out var text) ? text : value.IsNumber ? value.ToJson() : null;
}
