using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Settings of the workflow engine in this process.</summary>
internal sealed class WorkflowOptions
{
    public const string Section = "Workflows";

    /// <summary>Most runs in memory at once; more wait in the queue. Default 2,000.</summary>
    [Range(1, 1_000_000)]
    public int MaxRunsInMemory { get; set; } = 2_000;

    /// <summary>Most runs that a tenant may have in memory at once, on all nodes together; more wait in the queue. Default: any number.</summary>
    [Range(1, 1_000_000)]
    public int? MaxRunsPerTenant { get; set; }

    /// <summary>How long running steps may take to finish when the server stops. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Documents in this folder are registered for every tenant when the server starts. Default: those that come with it.</summary>
    [Required]
    public string DocumentsFolder { get; set; } = "flows";

    /// <summary>How often the database is asked for work, should a wake-up have been missed. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(30);
}

[OptionsValidator]
internal sealed partial class WorkflowOptionsValidator : IValidateOptions<WorkflowOptions>;
