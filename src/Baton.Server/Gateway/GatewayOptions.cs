using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>The language models that this server may ask. What is not written here is never called, whatever keys the environment holds.</summary>
internal sealed class GatewayOptions
{
    public const string Section = "Gateway";

    /// <summary>
    /// Models by the name that callers say, such as <c>gpt-4o-mini</c> or <c>local/qwen</c>. Upper and lower case do not matter. Names that
    /// begin with <c>baton/</c> are the built-in ones. A colon cannot stand in a name: it divides settings; say it in <see cref="TargetOptions.Model"/>.
    /// </summary>
    public Dictionary<string, ModelOptions> Models { get; set; } = [];

    /// <summary>
    /// A YAML file with further models, as <c>models: { NAME: { base_url: … } }</c>: their settings in snake_case. It is watched: a change is in force within about a second, or is refused as a whole and
    /// logged, while what was in force stays. Default: none.
    /// </summary>
    public string? RoutesFile { get; set; }

    /// <summary>The environment variables whose keys tenants may send with routes of their own, by the variable's name, and where to. Default: none.</summary>
    public Dictionary<string, KeyGrant> KeyGrants { get; set; } = [];

    /// <summary>Most routes of one tenant's own. Default 200.</summary>
    [Range(0, 10_000)]
    public int MaxRoutesPerTenant { get; set; } = 200;

    /// <summary>The model of a request that names none. Default: <c>baton/extract</c>, which needs no provider.</summary>
    public string? DefaultModel { get; set; }

    /// <summary>Largest request that is taken at <c>/v1/…</c>, in bytes. Default 32 MiB: images come within them.</summary>
    [Range(1024, 1 << 30)]
    public int MaxRequestBytes { get; set; } = 32 << 20;

    /// <summary>Failures in a row after which a target is left alone for a while; 0 for never. Default 5.</summary>
    [Range(0, 1000)]
    public int BreakerFailures { get; set; } = 5;

    /// <summary>How long it is left alone, before one request may try it again; twice as long each time that fails, up to 2 minutes. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:02:00")]
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How much tenants and teams may use. Default: as much as they like.</summary>
    public LimitsOptions Limits { get; set; } = new();

    /// <summary>How often targets that are left alone are asked whether they answer again, and engines how they are. Default 5 s; 0 for never.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What is kept of answers, for models that may give them again.</summary>
    [ValidateObjectMembers]
    public CacheOptions Cache { get; set; } = new();

    /// <summary>What is kept of streams, for clients that may take them up again.</summary>
    [ValidateObjectMembers]
    public ResumeOptions Resume { get; set; } = new();

    /// <summary>What is kept of responses, for callers who go on from them.</summary>
    [ValidateObjectMembers]
    public ResponsesOptions Responses { get; set; } = new();

    /// <summary>Largest answer that is taken for a workflow, or in one piece from a target of another dialect, in bytes of the response with its frames. Default 32 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxResponseBytes { get; set; } = 32 << 20;

    /// <summary>A file of prices that come before those that the server brings along, in the same form: see <c>prices.json</c> in the documentation of the gateway's costs. Default: none.</summary>
    public string? PricesFile { get; set; }
}

[OptionsValidator]
internal sealed partial class GatewayOptionsValidator : IValidateOptions<GatewayOptions>;
