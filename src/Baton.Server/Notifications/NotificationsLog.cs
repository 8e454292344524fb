namespace Baton.Server.Notifications;

/// <summary>Event ids 2200 to 2299.</summary>
internal static partial class NotificationsLog
{
    [LoggerMessage(2201, LogLevel.Warning, "{Kind}: {Subject}")]
    public static partial void Notified(this ILogger log, string kind, string subject);

    [LoggerMessage(2202, LogLevel.Warning, "Notification {Id} ({Kind}) was not delivered to {Channel} at attempt {Attempt} and is tried again: {Reason}")]
    public static partial void NotDelivered(this ILogger log, string id, string kind, string channel, int attempt, string reason);

    [LoggerMessage(2203, LogLevel.Error, "Notification {Id} ({Kind}) was given up after {Attempts} attempts at {Channel}: {Reason}")]
    public static partial void GivenUp(this ILogger log, string id, string kind, string channel, int attempts, string reason);

    [LoggerMessage(2205, LogLevel.Error, "Notifications wait for the storage: {Reason}")]
    public static partial void OutboxUnavailable(this ILogger log, string reason);

    [LoggerMessage(2204, LogLevel.Error, "Sending notifications failed and is tried again")]
    public static partial void SenderFailed(this ILogger log, Exception e);
}
