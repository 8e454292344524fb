namespace Baton.Server.Identity;

/// <summary>Event ids 1200 to 1299. Names and ids of keys only: a secret is not for logs.</summary>
internal static partial class IdentityLog
{
    [LoggerMessage(1201, LogLevel.Warning, "The keys cannot be read or written now; those in memory stay good: {Reason}")]
    public static partial void KeysNotRead(this ILogger log, string reason);

    [LoggerMessage(1202, LogLevel.Error, "Keeping the keys in memory failed, and is tried again")]
    public static partial void KeysFailed(this ILogger log, Exception e);

    [LoggerMessage(1203, LogLevel.Information, "Key {Id} of tenant {Tenant}: {What} by {By}")]
    public static partial void KeyChanged(this ILogger log, string id, string tenant, string what, string by);

    [LoggerMessage(1204, LogLevel.Warning, "Every user of this machine can read the keys file {Path}. Take that from them: chmod o-r {Path}")]
    public static partial void KeysFileIsOpen(this ILogger log, string path);
}
