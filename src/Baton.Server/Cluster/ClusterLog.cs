namespace Baton.Server.Cluster;

/// <summary>Event ids 1100 to 1199.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(1101, LogLevel.Information, "Took back {Count} runs that an earlier process had in memory")]
    public static partial void TakenBack(this ILogger log, int count);

    [LoggerMessage(1102, LogLevel.Warning, "Node {Node} is silent; took over {Count} runs of it")]
    public static partial void TakenOver(this ILogger log, string node, int count);

    [LoggerMessage(1103, LogLevel.Error, "The other nodes took {Node} for dead, and its runs: it begins anew")]
    public static partial void Lapsed(this ILogger log, string node);

    [LoggerMessage(1104, LogLevel.Critical, "Another process goes by the name of node {Node} now: this one stops. Give each a name of its own with --node")]
    public static partial void Replaced(this ILogger log, string node);

    [LoggerMessage(1105, LogLevel.Error, "The heartbeat failed: {Reason}")]
    public static partial void HeartbeatFailed(this ILogger log, string reason);

    [LoggerMessage(1106, LogLevel.Error, "Taking part in the cluster failed, and is tried again")]
    public static partial void RegistryFailed(this ILogger log, Exception e);

    [LoggerMessage(1107, LogLevel.Warning, "The connection that hears of other nodes broke: {Reason}")]
    public static partial void ListeningFailed(this ILogger log, string reason);

    [LoggerMessage(1108, LogLevel.Information, "Hears of other nodes again")]
    public static partial void ListensAgain(this ILogger log);
}
