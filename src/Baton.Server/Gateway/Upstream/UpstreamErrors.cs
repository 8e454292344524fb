using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>The errors of upstreams, in the words of the workflow language.</summary>
internal static class UpstreamErrors
{
    public static WorkflowException Of(UpstreamError error, string label, Quotation quotation, TimeSpan? retryAfter)
    {
        var errorClass = error.Class;
        var detail = error.Status is { } status ? $"{label} was answered {CallErrors.Name(status)}." : $"{label} broke off its answer with an error.";
        if (quotation.Of(error.Message) is { } said) detail += $" It says: {said}";
        if (Advice(error.Status, errorClass) is { } advice) detail += $" {advice}";
        return new WorkflowException(new WorkflowError(ErrorTypes.Communication, error.Status ?? 502, Title(errorClass), detail), errorClass) { RetryAfter = retryAfter };
    }

    public static WorkflowException Redirected(int status, string label) =>
        CallErrors.Misconfigured($"{label} was answered {CallErrors.Name(status)}, a redirect. Redirects are not followed, because the key is for one host; write the address it leads to into BaseUrl.");

    public static WorkflowException NotAccepted(int status, string label, ModelTarget target, string? said) =>
        new(new WorkflowError(ErrorTypes.Communication, status, Title(ErrorClass.Auth), $"{label} was answered {CallErrors.Name(status)}: it does not accept the gateway's key. See {target.Path}:ApiKeyVariable.{(said is null ? "" : $" It says: {said}")}"), ErrorClass.Auth);

    private static string? Advice(int? status, ErrorClass errorClass) => errorClass switch
    {
        ErrorClass.Auth => "Check the key that ApiKeyVariable or ApiKeyFile names, and what it may use.",
        ErrorClass.BudgetExceeded => "Its quota or credit is used up; asking again does not help.",
        ErrorClass.ContextTooLong => "The messages are longer than the model's context; shorten them, or choose another model.",
        ErrorClass.DataValidation when status == 404 => "Check BaseUrl and the upstream's name of the model.",
        _ => null,
    };

    private static string Title(ErrorClass errorClass) => errorClass switch
    {
        ErrorClass.Auth => "Not Authorized Upstream",
        ErrorClass.BudgetExceeded => "Budget Exceeded",
        ErrorClass.ContextTooLong => "Context Too Long",
        ErrorClass.ContentRefused => "Content Refused",
        ErrorClass.RateLimit => "Too Many Requests",
        ErrorClass.ServiceUnavailable => "Service Unavailable",
        ErrorClass.Connectivity => "Timeout Upstream",
        _ => "Upstream Error",
    };
}
