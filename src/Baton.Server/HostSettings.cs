using System.Net;
using Baton.Server.Cluster;
using Baton.Server.Storage;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;

namespace Baton.Server;

/// <summary>How a server is started: what the command line and the environment say before any option is read.</summary>
internal sealed record HostSettings
{
    public const int DefaultPort = 7070;

    /// <summary>Loopback, unless credentials are configured.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>0 for a free one.</summary>
    public int Port { get; init; } = DefaultPort;

    /// <summary>The database, a file or an address: what <c>--db</c> says, else <c>BATON_DB</c>; null to leave it to the setting.</summary>
    public string? Database { get; init; } = Environment.GetEnvironmentVariable("BATON_DB") is { Length: > 0 } path ? path : null;

    /// <summary>This node's name among others; null to leave it to the setting.</summary>
    public string? Node { get; init; }

    /// <summary>What this node does; null to leave it to the setting.</summary>
    public string? Roles { get; init; }

    /// <summary>A JSON file with settings; null for none.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Settings that outrank file and environment, by their full names.</summary>
    public IReadOnlyDictionary<string, string?> Values { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>A last word on services, for tests.</summary>
    public Action<IServiceCollection>? Override { get; init; }

    public string FindDatabase(IConfiguration settings) =>
        Database ?? (settings[$"{StorageOptions.Section}:{nameof(StorageOptions.Database)}"] is { Length: > 0 } set ? set : new StorageOptions().Database);

    /// <exception cref="FormatException">Name or roles are not usable.</exception>
    public Cluster.Node FindNode(IConfiguration settings) =>
        Cluster.Node.Parse(Node ?? settings[$"{ClusterOptions.Section}:{nameof(ClusterOptions.Node)}"], Roles ?? settings[$"{ClusterOptions.Section}:{nameof(ClusterOptions.Roles)}"]);

    public void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration.Sources.Clear();
        if (ConfigFile is not null) builder.Configuration.AddJsonFile(Path.GetFullPath(ConfigFile), optional: false, reloadOnChange: false);
        builder.Configuration.AddEnvironmentVariables("BATON_").AddInMemoryCollection(Values);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.Hosting.Lifetime", LogLevel.None)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)   // what it says of a failed start, RunningServer explains
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.UseUtcTimestamp = true;
                console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            });
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);   // standard output is for what was asked
    }

    /// <param name="use">What connections go through before the server's own HTTP.</param>
    public void Listen(IWebHostBuilder web, Action<ListenOptions> use) => web.ConfigureKestrel(kestrel => kestrel.Listen(Address, Port, use));
}
