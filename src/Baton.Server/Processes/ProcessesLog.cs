namespace Baton.Server.Processes;

/// <summary>Event ids 3100 to 3199. Never a command, a script, an argument or an output.</summary>
internal static partial class ProcessesLog
{
    [LoggerMessage(3101, LogLevel.Debug, "A {Kind} ended with code {Code} after {ElapsedMs:F0} ms")]
    public static partial void Ended(this ILogger log, string kind, int code, double elapsedMs);

    [LoggerMessage(3102, LogLevel.Warning, "A {Kind} that nobody waits for failed: {Reason}")]
    public static partial void DetachedFailed(this ILogger log, string kind, string reason);

    [LoggerMessage(3103, LogLevel.Warning, "The folder {Folder} of a process could not be removed: {Reason}")]
    public static partial void FolderLeft(this ILogger log, string folder, string reason);

    [LoggerMessage(3104, LogLevel.Warning, "A killed {Kind} has not gone; its process {Pid} is left behind")]
    public static partial void NotReaped(this ILogger log, string kind, int pid);
}
