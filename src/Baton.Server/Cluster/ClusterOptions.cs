using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Cluster;

/// <summary>How this node takes part in a cluster: several processes over one PostgreSQL.</summary>
internal sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>This node's name: another on every node, the same after a restart. Default: the machine's name. <c>--node</c> outranks it.</summary>
    public string? Node { get; set; }

    /// <summary>What this node does, with commas: gateway, worker, api, scheduler. Default: all. <c>--roles</c> outranks it.</summary>
    public string? Roles { get; set; }

    /// <summary>How often a node says that it lives. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>A node that was not heard of for so long has lost its runs to the others. At least three heartbeats. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.3", "01:00:00")]
    public TimeSpan LapseAfter { get; set; } = TimeSpan.FromSeconds(10);
}

[OptionsValidator]
internal sealed partial class ClusterOptionsValidator : IValidateOptions<ClusterOptions>;

/// <summary>What a heartbeat and a lapse must be to each other.</summary>
internal sealed class ClusterRules : IValidateOptions<ClusterOptions>
{
    public ValidateOptionsResult Validate(string? name, ClusterOptions options) => options.LapseAfter >= 3 * options.HeartbeatInterval ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail($"Cluster:LapseAfter ({options.LapseAfter}) must be at least three times Cluster:HeartbeatInterval ({options.HeartbeatInterval}): one late heartbeat is no death.");
}
