using System.CommandLine;
using Baton.Client;

namespace Baton.Server.Commands;

/// <summary>Which server a command speaks to.</summary>
internal static class ServerOptions
{
    public const string Variable = "BATON_SERVER";

    public static Option<string?> Server() => new("--server") { Description = $"Address of the server. Default: {Variable}, or http://127.0.0.1:{HostSettings.DefaultPort}." };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON, for scripts." };

    public static Option<string?> Database() => new("--db") { Description = "Database file, or postgres://USER@HOST:PORT/DATABASE. Default: BATON_DB, or baton/baton.db in your data folder." };

    public static Option<string?> Config() => new("--config") { Description = "Settings, as a JSON file. Environment variables BATON_Section__Name outrank it." };

    /// <summary>The settings of a server in this process.</summary>
    public static HostSettings Settings(string? database, string? config)
    {
        var settings = new HostSettings { ConfigFile = config };
        return database is null ? settings : settings with { Database = database };
    }

    /// <summary>A client of the named or the default server; it connects at its first call.</summary>
    public static BatonClient Connect(string? server)
    {
        var text = server ?? Environment.GetEnvironmentVariable(Variable) ?? $"http://127.0.0.1:{HostSettings.DefaultPort}";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) throw new UsageException($"'{text}' is no server address. Write http://HOST:PORT.");
        return Connect(address);
    }

    public static BatonClient Connect(Uri address)
    {
        // A proxy cannot reach this machine's own addresses, and not everyone who sets http_proxy sets no_proxy.
        var http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(5), UseProxy = !address.IsLoopback }) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
        return new BatonClient(http, Environment.GetEnvironmentVariable(Identity.Credentials.KeyVariable) is { Length: > 0 } key ? key : null);
    }

    /// <summary>True when what answered is another program than Baton. A Baton that is not well answers 503.</summary>
    public static bool IsForeign(Problem problem) => problem is { Type: "urn:baton:problem:unreadable", Status: not 503 };

    /// <summary>True when a server was named: by option or by environment.</summary>
    public static bool IsNamed(string? server) => server is not null || Environment.GetEnvironmentVariable(Variable) is { Length: > 0 };
}
