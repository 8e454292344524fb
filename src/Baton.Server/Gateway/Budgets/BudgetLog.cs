namespace Baton.Server.Gateway;

/// <summary>Event ids 3240 to 3259.</summary>
internal static partial class BudgetLog
{
    [LoggerMessage(3240, LogLevel.Error, "Budgets are not written down, and nothing is lent from them, until the storage is back: {Reason}")]
    public static partial void BudgetsWait(this ILogger log, string reason);

    [LoggerMessage(3241, LogLevel.Information, "Budgets are written down again")]
    public static partial void BudgetsGoOn(this ILogger log);

    [LoggerMessage(3242, LogLevel.Error, "Writing down budgets failed, and is tried again")]
    public static partial void BudgetsFailed(this ILogger log, Exception e);

    [LoggerMessage(3243, LogLevel.Warning, "What was spent last from budgets could not be written down before the end, and counts as spent with all that this process had at hand: {Reason}")]
    public static partial void BudgetsLeft(this ILogger log, string reason);

    [LoggerMessage(3244, LogLevel.Information, "{Request}: refused, budget {Budget} has {Left} micro-dollars left")]
    public static partial void BudgetRefused(this ILogger log, string request, string budget, long left);

    [LoggerMessage(3245, LogLevel.Warning, "{Request}: ended in the middle of its answer, budget {Budget} is spent")]
    public static partial void BudgetSpent(this ILogger log, string request, string budget);
}
