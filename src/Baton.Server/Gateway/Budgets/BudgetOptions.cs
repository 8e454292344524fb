using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>How budgets are kept. The budgets themselves come by the API.</summary>
internal sealed class BudgetOptions
{
    public const string Section = "Budgets";

    /// <summary>How soon what was spent is written down. A process that is killed counts its whole slice as spent, written down or not. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan ReportInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a call waits where the money at hand does not suffice and there may be more in the database or at other nodes. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:30")]
    public TimeSpan GrantWait { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether the ceiling of an answer is lowered to what the budget can still pay. Default false: such a call is refused.</summary>
    public bool ClampMaxTokens { get; set; }

    /// <summary>Tokens of an answer that are reserved at once for a call without any ceiling, and again each time they are used up. Default 1,024.</summary>
    [Range(1, 1_000_000)]
    public int UncappedTokens { get; set; } = 1024;
}

[OptionsValidator]
internal sealed partial class BudgetOptionsValidator : IValidateOptions<BudgetOptions>;
