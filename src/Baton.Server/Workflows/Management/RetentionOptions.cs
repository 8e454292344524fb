using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>How long runs that have ended are kept, and how. By default for ever: nobody's history goes without having been asked for it.</summary>
internal sealed class RetentionOptions
{
    public const string Section = "Retention";

    /// <summary>How long completed runs are kept after their end. Default: for ever.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? Completed { get; set; }

    /// <summary>How long failed runs are kept after their end. Default: for ever.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? Failed { get; set; }

    /// <summary>How long cancelled runs are kept after their end. Default: for ever.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "36500.00:00:00")]
    public TimeSpan? Cancelled { get; set; }

    /// <summary>Most ended runs that are kept of a tenant; the oldest go first. Default: no limit.</summary>
    [Range(1, 1_000_000_000)]
    public int? MaxEndedRuns { get; set; }

    /// <summary>How long after a run's end its journal is packed, on PostgreSQL. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:10", "36500.00:00:00")]
    public TimeSpan PackAfter { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Runs that are removed or packed in one commit. Default 50.</summary>
    [Range(1, 1_000)]
    public int BatchSize { get; set; } = 50;

    /// <summary>How often it is looked for runs to be removed or packed. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class RetentionOptionsValidator : IValidateOptions<RetentionOptions>;
