using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>How calls of models are written down, and how long that is kept.</summary>
internal sealed class UsageOptions
{
    public const string Section = "Usage";

    /// <summary>How long calls are gathered before they are written together; a process that is killed loses no more than these. Default 0.25 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:01:00")]
    public TimeSpan WriteInterval { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How long single calls are kept. Default 30 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan KeepRequests { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long sums by the hour are kept. Default 400 days.</summary>
    [Range(typeof(TimeSpan), "01:00:00", "36500.00:00:00")]
    public TimeSpan KeepHours { get; set; } = TimeSpan.FromDays(400);

    /// <summary>How long sums by the day are kept. Default: for ever.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "36500.00:00:00")]
    public TimeSpan? KeepDays { get; set; }
}

[OptionsValidator]
internal sealed partial class UsageOptionsValidator : IValidateOptions<UsageOptions>;
