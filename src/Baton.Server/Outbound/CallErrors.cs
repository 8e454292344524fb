using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Baton.Engine;

namespace Baton.Server.Outbound;

/// <summary>The errors that calls, processes and models raise, in the words of the workflow language.</summary>
internal static class CallErrors
{
    /// <summary>What the document asks for does not fit the rules: it has to be changed.</summary>
    public static WorkflowException Invalid(string detail) =>
        new(new WorkflowError(ErrorTypes.Validation, 400, "Validation Error", detail), ErrorClass.DataValidation);

    /// <summary>The document, or this server, is set up in a way that cannot work.</summary>
    public static WorkflowException Misconfigured(string detail, ErrorClass errorClass = ErrorClass.DataValidation) =>
        new(new WorkflowError(ErrorTypes.Configuration, 400, "Configuration Error", detail), errorClass);

    /// <summary>A setting of this server forbids it; the detail names the setting.</summary>
    public static WorkflowException Refused(string detail) =>
        new(new WorkflowError(ErrorTypes.Authorization, 403, "Authorization Error", detail), ErrorClass.Auth);

    /// <summary>No credential could be had.</summary>
    public static WorkflowException NotAuthenticated(string detail) =>
        new(new WorkflowError(ErrorTypes.Authentication, 401, "Authentication Error", detail), ErrorClass.Auth);

    public static WorkflowException TimedOut(string detail, Exception? inner = null) =>
        new(new WorkflowError(ErrorTypes.Timeout, 408, "Timeout", detail), ErrorClass.Connectivity, inner);

    /// <summary>The other side answered something that is not what the protocol or the document promises.</summary>
    public static WorkflowException BadAnswer(string detail, ErrorClass errorClass = ErrorClass.DataValidation) =>
        new(new WorkflowError(ErrorTypes.Communication, 502, "Invalid Response", detail), errorClass);

    /// <summary>No connection, or one that broke.</summary>
    public static WorkflowException Unreachable(string call, Exception e) =>
        FindRefusal(e) is { } refusal
            ? Refused($"{call} was refused: {refusal.Message}.")
            : new(new WorkflowError(ErrorTypes.Communication, 502, "Communication Error", $"{call} failed: {Explain(e)}."), ErrorClass.Connectivity, e);

    /// <summary>What went wrong before there was an answer; null where the call itself was cancelled, and for what has nothing to do with its connection.</summary>
    public static WorkflowException? NoAnswer(Exception e, string label, CancellationToken cancel) => e switch
    {
        OperationCanceledException when !cancel.IsCancellationRequested => TimedOut($"{label} got no connection within Outbound:ConnectTimeout.", e),
        HttpRequestException or IOException or SocketException => Unreachable(label, e),
        _ => null,
    };

    /// <summary>An answer whose status is not a success.</summary>
    public static WorkflowException Status(int status, string detail, TimeSpan? retryAfter)
    {
        var (error, errorClass) = FailureClassifier.Communication(status, detail, instance: "");
        return new WorkflowException(error with { Instance = null }, errorClass) { RetryAfter = retryAfter };
    }

    /// <summary>Whether the other side has closed a connection before it answered, in order or not.</summary>
    public static bool IsCut(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
        {
            if (IsEnded(e) || e is SocketException { SocketErrorCode: var code } && IsReset(code)) return true;
        }
        return false;
    }

    private static bool IsEnded(Exception e) => e is HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded };

    private static bool IsReset(SocketError code) => code is SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown;

    private static AddressRefusedException? FindRefusal(Exception? e)
    {
        while (e is not null and not AddressRefusedException) e = e.InnerException;
        return (AddressRefusedException?)e;
    }

    private static string Explain(Exception e)
    {
        for (var cause = e; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException { SocketErrorCode: var code }:
                    return code switch
                    {
                        SocketError.HostNotFound or SocketError.NoData => "there is no such host",
                        SocketError.TryAgain => "the host's name cannot be resolved now",
                        SocketError.ConnectionRefused => "the connection was refused",
                        _ when IsReset(code) => "the connection was reset",
                        SocketError.TimedOut => "the host did not answer",
                        SocketError.HostUnreachable or SocketError.NetworkUnreachable => "the host cannot be reached",
                        _ => $"the connection failed ({code})",
                    };
                case AuthenticationException:
                    return $"TLS could not be agreed on: {cause.Message.TrimEnd('.')}";
                case var ended when IsEnded(ended):
                    return "the connection ended before the response did";
                case HttpIOException { HttpRequestError: HttpRequestError.InvalidResponse } or HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse }:
                    return "what came back is not HTTP";
                case HttpIOException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } or HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }:
                    return "the head of the response is too large";
                case InvalidDataException:
                    return "the response's compression is broken";
            }
        }
        return "the connection broke";
    }

    /// <summary>A status with its name, such as <c>404 Not Found</c>.</summary>
    public static string Name(int status) => Enum.IsDefined((HttpStatusCode)status) ? $"{status} {(HttpStatusCode)status}" : $"{status}";
}
