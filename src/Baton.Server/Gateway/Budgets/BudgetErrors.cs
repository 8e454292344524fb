using System.Globalization;

namespace Baton.Server.Gateway;

/// <summary>What callers are told of budgets: whose it is, what is left, and when there is more.</summary>
internal static class BudgetErrors
{
    public static GatewayError Refused(BudgetAdmission.Refused refused, Dialect dialect, DateTimeOffset now)
    {
        var budget = refused.Budget;
        var until = refused.IsForGood ? ": more than the whole budget." : refused.ResetsAt is { } at ? $". It begins anew at {at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}." : ". It does not begin anew by itself.";
        var advice = refused.Left > 0 ? " Ask for fewer tokens, or shorten the prompt." : "";
        return Of(dialect, $"Budget '{budget.Name}' ({budget.Period.ToName()}) of {budget.Whose} has {Dollars(refused.Left)} of {Dollars(budget.Limit)} left, and this request may cost {Dollars(refused.Asked)}{until}{advice}") with { RetryAfter = refused.IsForGood ? null : refused.ResetsAt - now };
    }

    /// <summary>For a stream whose money is used up.</summary>
    public static GatewayError Spent(Budget budget, Dialect dialect) => Of(dialect, $"Budget '{budget.Name}' ({budget.Period.ToName()}) of {budget.Whose} is used up: the answer ends here.");

    public static GatewayError Unknown(Budget budget) =>
        GatewayError.Unavailable($"What is left of budget '{budget.Name}' of {budget.Whose} cannot be found out now: the database does not answer.", TimeSpan.FromSeconds(1)) with { Code = "budget_unknown" };

    /// <summary>Whole micro-dollars, with a point: no digit is lost.</summary>
    public static string Dollars(long micro) => string.Create(CultureInfo.InvariantCulture, $"${micro / 1_000_000m:0.00####}");

    private static GatewayError Of(Dialect dialect, string message) => new(429, dialect == Dialect.Anthropic ? "rate_limit_error" : "insufficient_quota", "insufficient_quota", message);
}
