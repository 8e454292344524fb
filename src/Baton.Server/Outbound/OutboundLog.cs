namespace Baton.Server.Outbound;

/// <summary>Event ids 3000 to 3099. Hosts, never whole addresses: paths and queries may hold what is not for logs.</summary>
internal static partial class OutboundLog
{
    [LoggerMessage(3001, LogLevel.Debug, "{Method} to {Host} was answered {Status} after {ElapsedMs:F0} ms")]
    public static partial void Answered(this ILogger log, string method, string host, int status, double elapsedMs);

    [LoggerMessage(3002, LogLevel.Information, "Got an access token from {Host} that is good for {Seconds:F0} s")]
    public static partial void TokenObtained(this ILogger log, string host, double seconds);

    [LoggerMessage(3003, LogLevel.Information, "{Host} refused an access token before its time; asking for a new one")]
    public static partial void TokenRefused(this ILogger log, string host);

    [LoggerMessage(3004, LogLevel.Debug, "Read an OpenAPI document from {Host}, {Bytes} bytes")]
    public static partial void DocumentRead(this ILogger log, string host, int bytes);
}
