using System.Text;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>What a target of another dialect says went wrong, in the words that callers of this gateway know.</summary>
internal static class ErrorTranslation
{
    /// <param name="status">Null when it came in the middle of an answer.</param>
    public static GatewayError Read(int? status, string body)
    {
        var error = UpstreamError.Read(status, Encoding.UTF8.GetBytes(body));
        var answered = StatusOf(status, error);
        return new GatewayError(answered, TypeOf(answered), CodeOf(error), error.Message is { Length: > 0 } said ? said : "The target says only that it failed.");
    }

    private static int StatusOf(int? status, UpstreamError error) => status switch
    {
        529 => 503,   // Anthropic's own for "overloaded"
        { } said => said,
        null => error.Class switch
        {
            ErrorClass.RateLimit => 429,
            ErrorClass.BudgetExceeded => 402,
            ErrorClass.ContextTooLong or ErrorClass.ContentRefused or ErrorClass.DataValidation => 400,
            ErrorClass.Connectivity => 504,
            _ => error.Type == "overloaded_error" ? 503 : 502,
        },
    };

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    };

    private static string? CodeOf(UpstreamError error) => error.Class switch
    {
        ErrorClass.ContextTooLong => "context_length_exceeded",
        ErrorClass.ContentRefused => "content_policy_violation",
        ErrorClass.BudgetExceeded => "insufficient_quota",
        ErrorClass.RateLimit => "rate_limit_exceeded",
        _ => error.Code is { Length: > 0 } code && !code.All(char.IsAsciiDigit) ? code : error.Type,
    };
}
