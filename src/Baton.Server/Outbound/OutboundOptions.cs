using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>Settings of the calls that workflows make to the world.</summary>
internal sealed class OutboundOptions
{
    public const string Section = "Outbound";

    /// <summary>
    /// Whether calls may reach loopback and private addresses. Default: only when this server itself listens on loopback alone.
    /// Link-local, metadata, multicast and unspecified addresses are refused whatever stands here.
    /// </summary>
    public bool? AllowPrivate { get; set; }

    /// <summary>
    /// Hosts that stand elsewhere than their names say, for tests and installations without internet: from a host's name to
    /// <c>host:port</c>, or to <c>http://host:port</c> or <c>https://host:port</c> to change the scheme as well. The call keeps its own name:
    /// in its Host header, its certificate check and its messages. A target named here may be private.
    /// Example: <c>petstore.swagger.io</c> → <c>http://127.0.0.1:8089</c>.
    /// </summary>
    public Dictionary<string, string> HostMap { get; set; } = [];

    /// <summary>Folders below which <c>file:</c> resources may be read, as absolute paths. Default: none, so that none may be read.</summary>
    public List<string> FileRoots { get; set; } = [];

    /// <summary>Longest wait for a connection: name, TCP and TLS together. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a connection is used before another takes its place, so that a change of a host's address is noticed. Default 5 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ConnectionLifetime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a connection is kept that nobody uses. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ConnectionIdleTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Most connections to one host; calls beyond that wait for one, within their own time. Default: as many as there are calls.</summary>
    [Range(1, int.MaxValue)]
    public int MaxConnectionsPerHost { get; set; } = int.MaxValue;

    /// <summary>Longest duration of a call from its start to the last byte, redirects and authentication included. Default 100 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>Largest response that is taken, in bytes, after decompression. Default 32 MiB.</summary>
    [Range(1, int.MaxValue)]
    public int MaxResponseBytes { get; set; } = 32 << 20;

    /// <summary>Largest document (OpenAPI, schema, script) that is taken, in bytes. Default 8 MiB.</summary>
    [Range(1, int.MaxValue)]
    public int MaxDocumentBytes { get; set; } = 8 << 20;

    /// <summary>How long a fetched OpenAPI or discovery document is used before its host is asked again. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan DocumentLifetime { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Most redirects that one call follows, where it follows them at all. Default 10.</summary>
    [Range(0, 50)]
    public int MaxRedirects { get; set; } = 10;
}

[OptionsValidator]
internal sealed partial class OutboundOptionsValidator : IValidateOptions<OutboundOptions>;

/// <summary>The rules that an attribute cannot state.</summary>
internal sealed class OutboundOptionsRules : IValidateOptions<OutboundOptions>
{
    public ValidateOptionsResult Validate(string? name, OutboundOptions options)
    {
        var faults = options.HostMap
            .Where(entry => HostMap.Parse(entry.Value) is null)
            .Select(entry => $"Outbound:HostMap:{entry.Key} is '{entry.Value}', but must be host:port, http://host:port or https://host:port.")
            .Concat(options.FileRoots
                .Where(root => !Path.IsPathFullyQualified(root))
                .Select(root => $"Outbound:FileRoots holds '{root}', but must hold absolute paths."))
            .ToArray();
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }
}
