namespace Baton.Server.Sockets;

/// <summary>Event ids 1300 to 1399.</summary>
internal static partial class SocketsLog
{
    [LoggerMessage(1301, LogLevel.Warning, "No connection can be taken now: {Reason}. Those that wait are taken once others have ended. Where it is files that are too few, let the process open more: ulimit -n, or LimitNOFILE of its unit")]
    public static partial void NotTaken(this ILogger log, string reason);
}
