using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Baton.Engine;
using Baton.Server.Identity;
using Baton.Server.Storage;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Baton.Server;

/// <summary>A server in this process that has been started. Disposing stops it: it takes nothing new, lets running steps finish, and closes the database.</summary>
internal sealed partial class RunningServer : IAsyncDisposable
{
    private readonly WebApplication app;

    private RunningServer(WebApplication app, Uri address)
    {
        this.app = app;
        Address = address;
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>Its database, for people.</summary>
    public string DatabaseName => app.Services.GetRequiredService<Database>().Name;

    public IServiceProvider Services => app.Services;

    /// <exception cref="StartupException">It cannot start; the message says why and what to do.</exception>
    public static async Task<RunningServer> StartAsync(HostSettings settings, IReadOnlyCollection<CodeWorkflow> workflows, CancellationToken cancel)
    {
        WebApplication? built = null;
        try
        {
            built = BatonHost.Build(settings, workflows);
            if (!IPAddress.IsLoopback(settings.Address) && !built.Services.GetRequiredService<Credentials>().AreConfigured)
            {
                throw new StartupException($"{settings.Address} can be reached from other machines, and no credential is configured. Set {Credentials.KeyVariable} or Identity:KeysFile, or listen on 127.0.0.1.");
            }
            CheckSettings(built.Services);
            await built.StartAsync(cancel);
            var address = built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            return new RunningServer(built, new Uri(address.Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal)));
        }
        catch (Exception e) when (Explain(e, settings) is { } reason)
        {
            if (built is not null)
            {
                _ = built.Services.GetRequiredService<Database>();   // so that it is closed with the rest
                await built.StopAsync(CancellationToken.None);   // what has begun ends before the database is closed under it
                await built.DisposeAsync();
            }
            throw new StartupException(reason, e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    /// <summary>Checks all settings: before the host does, which logs a trace of the stack.</summary>
    /// <exception cref="StartupException">Something is set that nothing knows, or that cannot be read.</exception>
    /// <exception cref="OptionsValidationException">A value is out of its range.</exception>
    public static void CheckSettings(IServiceProvider services)
    {
        if (SettingsSections.FindMistake(services.GetRequiredService<IConfiguration>(), services.GetServices<SettingsSection>()) is { } mistake) throw new StartupException(mistake);
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    /// <summary>Why a server cannot start, for whoever starts it; null for what nobody foresaw.</summary>
    public static string? Explain(Exception e, HostSettings settings) => e switch
    {
        StartupException or DatabaseInUseException or NewerSchemaException or StorageUnavailableException or CredentialException => e.Message,
        Npgsql.NpgsqlException postgres => PostgresErrors.Explain(postgres, PostgresAddress.IsOne(settings.Database ?? "") ? PostgresAddress.Parse(settings.Database!).ToString() : "PostgreSQL").Message,
        OptionsValidationException options => $"A setting is not valid: {string.Join(" ", options.Failures.Select(failure => Named(failure, options.OptionsType)))}",
        InvalidOperationException when Unconvertible().Match(e.Message) is { Success: true } found && Type.GetType(found.Groups["type"].Value) is { } type =>
            SettingsSections.Unreadable(found.Groups["key"].Value, found.Groups["value"].Value, type),   // of those that are needed to put a server together
        FileNotFoundException or DirectoryNotFoundException => $"The settings cannot be read: {e.Message}",
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => $"Port {settings.Port} is in use. Stop what listens there, or choose another with --port.",
        IOException or System.Net.Sockets.SocketException => $"Cannot listen on {settings.Address}:{settings.Port}: {e.Message}",
        UnauthorizedAccessException => $"{e.Message} The database and its folder must belong to the user that runs Baton.",
        FormatException or InvalidDataException => $"The settings cannot be read: {e.Message}{Causes(e)}",
        _ => null,
    };

    [GeneratedRegex("^Failed to convert configuration value '(?<value>.*)' at '(?<key>[^']+)' to type '(?<type>[^']+)'", RegexOptions.ExplicitCapture | RegexOptions.Singleline, 1_000)]
    private static partial Regex Unconvertible();

    /// <summary>What lies behind a failure; a place in a file by the lines that people count.</summary>
    private static string Causes(Exception e) => e.InnerException switch
    {
        null => "",
        JsonException { LineNumber: { } line } json => $" Line {line + 1}, byte {json.BytePositionInLine + 1}: {json.Message.Split(" LineNumber: ")[0]}",
        var inner => $" {inner.Message}{Causes(inner)}",
    };

    /// <summary>"MaxBytes: The field GatewayOptions.Cache.MaxBytes must be ..." as "Gateway:Cache:MaxBytes must be ...": by the key that people set.</summary>
    private static string Named(string failure, Type options) =>
        failure.Split(": The field ", 2) is [var member, var rule] && options.GetField("Section")?.GetValue(null) is string section && rule.Split(' ', 2) is [var path, var rest]
        && path.StartsWith($"{options.Name}.", StringComparison.Ordinal) && path.EndsWith($".{member}", StringComparison.Ordinal)
            ? $"{section}:{path[(options.Name.Length + 1)..].Replace('.', ':')} {rest}" : failure;
}

/// <summary>The server cannot start.</summary>
internal sealed class StartupException(string message, Exception? inner = null) : Exception(message, inner);
