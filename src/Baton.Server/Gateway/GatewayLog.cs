namespace Baton.Server.Gateway;

/// <summary>Event ids 3200 to 3299. Names and numbers only: prompts, answers and keys are not for logs.</summary>
internal static partial class GatewayLog
{
    [LoggerMessage(3201, LogLevel.Debug, "{Model} answered after {ElapsedMs:F0} ms: {PromptTokens} tokens in, {CompletionTokens} out, {Attempts} calls")]
    public static partial void Answered(this ILogger log, string model, double elapsedMs, long promptTokens, long completionTokens, int attempts);

    [LoggerMessage(3202, LogLevel.Information, "An answer of {Model} did not fit its schema in {Count} places; asking it to mend the answer")]
    public static partial void RepairAsked(this ILogger log, string model, int count);

    /// <summary>Tells of a target that was asked in vain.</summary>
    public static Attempt Noted(this ILogger log, GatewayCall call, Attempt attempt)
    {
        if (attempt is Attempt.Failed { WasAsked: true } failed) log.TargetFailed(call.Id, call.AskedLast!, failed.Error.Status, failed.Error.Code);
        return attempt;
    }

    [LoggerMessage(3203, LogLevel.Warning, "{Request}: {Target} failed ({Status} {Code})")]
    public static partial void TargetFailed(this ILogger log, string request, string target, int status, string? code);

    [LoggerMessage(3204, LogLevel.Warning, "{Request}: the stream of {Target} broke in the middle of an answer ({Code})")]
    public static partial void StreamBroken(this ILogger log, string request, string target, string code);

    [LoggerMessage(3215, LogLevel.Information, "{Request}: the answer of {Target} broke off; {Other} is asked to go on with it")]
    public static partial void GoesOn(this ILogger log, string request, string target, string other);

    [LoggerMessage(3216, LogLevel.Information, "{Run}: the answer to {Call} was there already, and is used")]
    public static partial void StepAnswerFound(this ILogger log, string run, string call);

    [LoggerMessage(3217, LogLevel.Warning, "Answers to steps cannot be kept or looked up now: should this process die, those of attempts under way are asked for again. {Reason}")]
    public static partial void StepAnswersAway(this ILogger log, string reason);

    [LoggerMessage(3218, LogLevel.Warning, "{Request}: {Model} cannot compare this question with others: {Reason}. It is asked as if there were none")]
    public static partial void QuestionNotRead(this ILogger log, string request, string model, string reason);

    [LoggerMessage(3255, LogLevel.Error, "{Request}: a call whose answer is shared has failed unexpectedly")]
    public static partial void SharedCallFailed(this ILogger log, Exception exception, string request);

    [LoggerMessage(3219, LogLevel.Error, "{Request}: a call has failed unexpectedly")]
    public static partial void CallFailed(this ILogger log, Exception exception, string request);

    [LoggerMessage(3205, LogLevel.Debug, "{Request}: the client left after {ElapsedMs:F0} ms")]
    public static partial void ClientGone(this ILogger log, string request, double elapsedMs);

    [LoggerMessage(3206, LogLevel.Information, "{Request}: all targets of {Model} have failed; asking them again in {PauseMs:F0} ms")]
    public static partial void AsksAgain(this ILogger log, string request, string model, double pauseMs);

    [LoggerMessage(3207, LogLevel.Information, "Target {Target} of {Model} answers again; requests may come")]
    public static partial void TargetIsBack(this ILogger log, string model, string target);

    [LoggerMessage(3208, LogLevel.Warning, "A pass over the gateway's targets failed")]
    public static partial void ProbesFailed(this ILogger log, Exception error);

    [LoggerMessage(3209, LogLevel.Debug, "{Request}: {Target} has not begun to answer after {ElapsedMs:F0} ms; {Other} is asked beside it")]
    public static partial void Hedges(this ILogger log, string request, string target, double elapsedMs, string other);

    [LoggerMessage(3254, LogLevel.Debug, "{Request}: a budget has no money for a second target beside a slow one")]
    public static partial void CannotHedge(this ILogger log, string request);

    [LoggerMessage(3210, LogLevel.Information, "The routes of {File} are in force")]
    public static partial void RoutesReplaced(this ILogger log, string file);

    [LoggerMessage(3211, LogLevel.Error, "A change of the file of routes is refused, and what was in force stays: {Reason}")]
    public static partial void RoutesRefused(this ILogger log, string reason);

    [LoggerMessage(3212, LogLevel.Warning, "Tenants' routes could not be read; those that were read last stay in force: {Reason}")]
    public static partial void RoutesNotRead(this ILogger log, string reason);

    [LoggerMessage(3213, LogLevel.Error, "Keeping the routes up to date failed, and is tried again")]
    public static partial void RouteLoaderFailed(this ILogger log, Exception e);

    [LoggerMessage(3214, LogLevel.Warning, "Route {Route} of tenant {Tenant} cannot be used, and answers so: {Reason}")]
    public static partial void OwnRouteUnusable(this ILogger log, string tenant, string route, string reason);

    [LoggerMessage(3256, LogLevel.Warning, "Usage cannot be written now, and is kept: {Reason}")]
    public static partial void UsageWaits(this ILogger log, string reason);

    [LoggerMessage(3257, LogLevel.Information, "Usage is written again; the rows of {Dropped} single calls were dropped since the start, their sums were not")]
    public static partial void UsageIsWritten(this ILogger log, long dropped);

    [LoggerMessage(3258, LogLevel.Error, "Usage of {Count} calls could not be written before the end, and is lost: {Reason}")]
    public static partial void UsageIsLost(this ILogger log, int count, string reason);

    [LoggerMessage(3251, LogLevel.Warning, "{Request}: the response could not be kept, and says so; nobody can go on from it: {Reason}")]
    public static partial void ResponseNotKept(this ILogger log, string request, string reason);

    [LoggerMessage(3252, LogLevel.Information, "{Count} conversations of stored responses had been kept for long enough, and are removed")]
    public static partial void ResponsesRemoved(this ILogger log, int count);

    [LoggerMessage(3253, LogLevel.Warning, "Stored responses cannot be removed now, and stay until the next pass: {Reason}")]
    public static partial void ResponsesStay(this ILogger log, string reason);

    [LoggerMessage(3259, LogLevel.Information, "{Count} rows of usage had been kept for long enough, and are removed")]
    public static partial void UsageRemoved(this ILogger log, int count);
}
