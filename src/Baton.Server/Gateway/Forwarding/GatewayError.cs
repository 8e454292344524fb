using System.Globalization;
using System.Text;
using System.Text.Json;
using Baton.Engine;
using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>An error as the gateway tells it, in the caller's dialect.</summary>
/// <param name="Type">The dialects' word for its kind.</param>
/// <param name="Code">A word for what it is, for programs.</param>
/// <param name="Field">The member of the request that is wrong.</param>
internal sealed record GatewayError(int Status, string Type, string? Code, string Message, string? Field = null)
{
    /// <summary>The code of a request that is more than a limit allows at once: it would be refused at any time.</summary>
    public const string NeverAdmitted = "request_exceeds_limit";

    /// <summary>When to ask again.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>What Anthropic's SDKs read of it beyond its type; null for nothing.</summary>
    public JqValue Details { get; init; }

    /// <summary>The same for a workflow; null where the members of this say all of it.</summary>
    public WorkflowException? Cause { get; init; }

    public static GatewayError Invalid(string message, string? field = null, string? code = null) => new(400, "invalid_request_error", code, message, field);

    public static GatewayError TooLarge(long limit) => new(413, "request_too_large", "request_too_large", $"The body has more than {limit:N0} bytes (Gateway:MaxRequestBytes).");

    public static GatewayError TooSlow() => new(408, "timeout_error", "request_timeout", "The body did not arrive: the client sent nothing of it for too long.");

    public static GatewayError Unreachable(string message) => new(502, "api_error", "upstream_unreachable", message);

    public static GatewayError TimedOut(string message) => new(504, "timeout_error", "upstream_timeout", message);

    public static GatewayError Broken(string message) => new(502, "api_error", "stream_interrupted", message);

    /// <summary>What nobody foresaw, in words that the caller can read.</summary>
    public static GatewayError Fault(string requestId) => new(500, "api_error", "internal", $"This is a fault of the server. Its log has the details under {requestId}.");

    public static GatewayError Unavailable(string message, TimeSpan wait) => new(503, "overloaded_error", "no_target_available", message) { RetryAfter = wait };

    /// <summary>As the event that ends a stream.</summary>
    /// <param name="number">Of the event, where they are numbered.</param>
    public byte[] ToEvent(Surface surface, string requestId, long number)
    {
        var name = surface.Dialect == Dialect.Anthropic || surface == Surface.Responses ? "event: error\n" : "";
        return [.. Encoding.UTF8.GetBytes($"{name}data: "), .. surface == Surface.Responses ? ToResponsesJson(number) : ToJson(surface.Dialect, requestId), .. "\n\n"u8];
    }

    /// <summary>As the body of an answer, or the data of an event.</summary>
    public byte[] ToJson(Dialect dialect, string requestId)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            if (dialect == Dialect.Anthropic) json.WriteString("type", "error");
            json.WriteStartObject("error");
            json.WriteString("type", Type);
            json.WriteString("message", Message);
            if (dialect == Dialect.OpenAi)
            {
                json.WriteString("param", Field);
                json.WriteString("code", Code);
            }
            else if (!Details.IsNull) json.Member("details", Details);
            json.WriteEndObject();
            if (dialect == Dialect.Anthropic) json.WriteString("request_id", requestId);
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <summary>As the answer of a request that is no call of a model.</summary>
    public async Task WriteAsync(HttpContext http, Dialect dialect)
    {
        http.Response.StatusCode = Status;
        http.Response.ContentType = "application/json";
        AddHeaders(http.Response.Headers);
        var body = ToJson(dialect, RequestId.Tell(http));
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>What an answer with this error says in its headers.</summary>
    public void AddHeaders(IHeaderDictionary headers)
    {
        if (RetryAfter is { } wait) headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (Status == 401) headers.WWWAuthenticate = "Bearer";
    }

    /// <summary>For a workflow, in its words.</summary>
    public WorkflowException ToException() => Cause ?? Status switch
    {
        400 => CallErrors.Misconfigured(Message),
        429 when Code == NeverAdmitted => CallErrors.Misconfigured(Message),
        504 => CallErrors.TimedOut(Message),
        502 => new WorkflowException(new WorkflowError(ErrorTypes.Communication, 502, "Communication Error", Message), ErrorClass.Connectivity),
        429 when Code == "insufficient_quota" => new WorkflowException(new WorkflowError(ErrorTypes.Communication, 429, "Budget Exceeded", Message), ErrorClass.BudgetExceeded) { RetryAfter = RetryAfter },
        _ => CallErrors.Status(Status, Message, RetryAfter),
    };

    /// <summary>There the event itself is the error; some SDKs look into <c>error</c> all the same.</summary>
    private byte[] ToResponsesJson(long number)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("type", "error");
            json.WriteNumber("sequence_number", number);
            WriteMembers();
            json.WriteStartObject("error");
            json.WriteString("type", Type);
            WriteMembers();
            json.WriteEndObject();
            json.WriteEndObject();

            void WriteMembers()
            {
                json.WriteString("code", Code);
                json.WriteString("message", Message);
                json.WriteString("param", Field);
            }
        }
        return bytes.ToArray();
    }
}
