namespace Baton.Server.Gateway;

/// <summary>Event ids 3200 to 3299. Names and numbers only: prompts, answers and keys are not for logs.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(3201, LogLevel.Debug, "{Model} answered after {ElapsedMs:F0} ms: {PromptTokens} tokens in, {CompletionTokens} out, {Attempts} calls")]
    public static partial void Answered(this ILogger log, string model, double elapsedMs, long promptTokens, long completionTokens, int attempts);

    [LoggerMessage(3202, LogLevel.Information, "An answer of {Model} did not fit its schema in {Count} places; asking it to mend the answer")]
    public static partial void RepairAsked(this ILogger log, string model, int count);

    [LoggerMessage(3203, LogLevel.Warning, "{Request}: {Target} failed ({Status} {Code})")]
    public static partial void TargetFailed(this ILogger log, string request, string target, int status, string? code);

    [LoggerMessage(3204, LogLevel.Warning, "{Request}: the stream of {Target} broke in the middle of an answer ({Code})")]
    public static partial void StreamBroken(this ILogger log, string request, string target, string code);

    [LoggerMessage(3205, LogLevel.Debug, "{Request}: the client left after {ElapsedMs:F0} ms")]
    public static partial void ClientGone(this ILogger log, string request, double elapsedMs);
}
