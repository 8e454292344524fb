using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>Event ids 2000 to 2099.</summary>
internal static partial class WorkflowsLog
{
    [LoggerMessage(2002, LogLevel.Error, "Run {Run} broke the engine and was failed")]
    public static partial void RunCrashed(this ILogger log, RunId run, Exception e);

    [LoggerMessage(2003, LogLevel.Warning, "Run {Run} has another owner; what this process did for it since is not recorded")]
    public static partial void LeaseLost(this ILogger log, RunId run);

    [LoggerMessage(2004, LogLevel.Error, "Storage refused a write of run {Run}, which waits and tries again: {Reason}")]
    public static partial void StorageRefused(this ILogger log, RunId run, string reason);

    [LoggerMessage(2005, LogLevel.Error, "Looking for work failed: {Reason}")]
    public static partial void ClaimFailed(this ILogger log, string reason);

    [LoggerMessage(2007, LogLevel.Information, "The schedule of {Workflow} started a run")]
    public static partial void ScheduleFired(this ILogger log, WorkflowRef workflow);

    [LoggerMessage(2008, LogLevel.Error, "A schedule could not be served: {Reason}")]
    public static partial void ScheduleFailed(this ILogger log, string reason);

    [LoggerMessage(2009, LogLevel.Error, "Run {Run} cannot be executed and was paused")]
    public static partial void RunHalted(this ILogger log, RunId run, Exception e);

    [LoggerMessage(2010, LogLevel.Error, "The worker failed and tries again")]
    public static partial void WorkerFailed(this ILogger log, Exception e);

    [LoggerMessage(2011, LogLevel.Error, "The scheduler failed and tries again")]
    public static partial void SchedulerFailed(this ILogger log, Exception e);

    [LoggerMessage(2012, LogLevel.Information, "Removed {Count} runs that had been kept for long enough")]
    public static partial void RunsRemoved(this ILogger log, int count);

    [LoggerMessage(2014, LogLevel.Error, "Removing old runs waits for the storage: {Reason}")]
    public static partial void RetentionWaits(this ILogger log, string reason);

    [LoggerMessage(2013, LogLevel.Error, "Removing old runs failed and is tried again")]
    public static partial void RetentionFailed(this ILogger log, Exception e);

    [LoggerMessage(2006, LogLevel.Warning, "{Count} runs had steps that did not finish within {Seconds} s; another process will repeat those steps")]
    public static partial void DrainTimedOut(this ILogger log, int count, double seconds);
}
