namespace Baton.Engine;

/// <summary>What kind of trouble a step met: the word that retries, fallbacks and people decide by.</summary>
public enum ErrorClass
{
    /// <summary>Nothing better is known.</summary>
    Generic,

    /// <summary>No connection, a broken one, or no answer in time.</summary>
    Connectivity,

    /// <summary>The other side asks for fewer calls (HTTP 429).</summary>
    RateLimit,

    /// <summary>The credential is missing, wrong or not allowed (HTTP 401, 403).</summary>
    Auth,

    /// <summary>The data do not fit what was expected (HTTP 400, 422; expression and schema errors).</summary>
    DataValidation,

    /// <summary>The other side answers that it cannot serve now (HTTP 5xx).</summary>
    ServiceUnavailable,

    /// <summary>A model's context window is too small for the request.</summary>
    ContextTooLong,

    /// <summary>A model or its filter declined to answer.</summary>
    ContentRefused,

    /// <summary>A model's answer does not fit the JSON Schema that was asked for, even after the repair attempt.</summary>
    SchemaMismatch,

    /// <summary>A spending limit is used up.</summary>
    BudgetExceeded,
}

public static class ErrorClasses
{
    /// <summary>The class as it stands in journals, on the wire and in policies.</summary>
    public static string ToName(this ErrorClass value) => value switch
    {
        ErrorClass.Generic => "generic",
        ErrorClass.Connectivity => "connectivity",
        ErrorClass.RateLimit => "rate_limit",
        ErrorClass.Auth => "auth",
        ErrorClass.DataValidation => "data_validation",
        ErrorClass.ServiceUnavailable => "service_unavailable",
        ErrorClass.ContextTooLong => "context_too_long",
        ErrorClass.ContentRefused => "content_refused",
        ErrorClass.SchemaMismatch => "schema_mismatch",
        ErrorClass.BudgetExceeded => "budget_exceeded",
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "Not an error class."),
    };

    /// <summary>The class of a stored name; <see cref="ErrorClass.Generic"/> for a name that a newer version wrote.</summary>
    public static ErrorClass Parse(string? name) =>
        Enum.GetValues<ErrorClass>().FirstOrDefault(value => string.Equals(value.ToName(), name, StringComparison.Ordinal));

    /// <summary>The class that an HTTP status speaks of (RFC 9110, section 15).</summary>
    public static ErrorClass OfStatus(int status) => status switch
    {
        401 or 403 or 407 => ErrorClass.Auth,
        408 => ErrorClass.Connectivity,
        429 => ErrorClass.RateLimit,
        400 or 404 or 409 or 410 or 413 or 415 or 422 => ErrorClass.DataValidation,
        >= 500 and <= 599 => ErrorClass.ServiceUnavailable,
        _ => ErrorClass.Generic,
    };
}
