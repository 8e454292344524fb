using System.Net;
using System.Net.NetworkInformation;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Identity;
using Baton.Server.PrConfidence;
using Baton.Server.Storage;

namespace Baton.Server.Commands;

/// <summary>Looks whether Baton can run here as it is set up, and changes nothing: no database is created, upgraded or locked, no run goes on.</summary>
internal sealed class Examination(HostSettings settings, string? server, IReadOnlyCollection<CodeWorkflow> workflows)
{
    private const long LittleDisk = 1L << 30;

    // Where the settings say, once they could be read.
    private string database = Find(settings, new ConfigurationManager());

    public async IAsyncEnumerable<Finding> AllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        yield return await SettingsAsync();
        yield return await ServerAsync(cancel);
        yield return Finding.Ok("sqlite", $"{SqliteLibrary.Use()}.");
        if (PostgresAddress.IsOne(database)) yield return await PostgresAsync(cancel);
        else
        {
            yield return await DatabaseAsync(cancel);
            yield return Disk();
        }
        yield return await GitAsync(cancel);
    }

    /// <summary>Puts a server together with all settings, on an empty database that is thrown away, and does not start it.</summary>
    private async Task<Finding> SettingsAsync()
    {
        DirectoryInfo? folder = null;
        try
        {
            folder = ScratchFolder.Create("baton-doctor-");
            await using var host = BatonHost.Build(settings with { Database = Path.Combine(folder.FullName, "empty.db") }, workflows);
            RunningServer.CheckSettings(host.Services);
            database = Find(settings, host.Configuration);
            var credentials = host.Services.GetRequiredService<Credentials>();
            if (credentials.OpenFile is { } open) return Finding.Warning("settings", $"Valid, but every user of this machine can read the keys file {open}. Take that from them: chmod o-r {open}");
            var from = settings.ConfigFile is { } file ? $"{file} and environment" : "environment and defaults";
            return credentials.AreConfigured
                ? Finding.Ok("settings", $"Valid ({from}). Callers need a key.")
                : Finding.Ok("settings", $"Valid ({from}). No key is configured: only 127.0.0.1 may be listened on.");
        }
        catch (Exception e) when (RunningServer.Explain(e, settings) is { } reason)
        {
            return Finding.Failed("settings", reason);
        }
        finally
        {
            folder?.Delete(recursive: true);
        }
    }

    private async Task<Finding> ServerAsync(CancellationToken cancel)
    {
        var client = ServerOptions.Connect(server);
        try
        {
            var health = await client.HealthAsync(cancel);
            var sick = string.Join("; ", (health.Checks ?? []).Where(check => check.Status != "healthy").Select(check => $"{check.Name} is {check.Status}: {check.Detail}"));
            var answer = $"Baton {health.Version} answers at {client.Address}";
            return health.Status == "healthy" ? Finding.Ok("server", $"{answer} and is healthy.") : Finding.Failed("server", $"{answer} and is {health.Status}. {sick}");
        }
        catch (BatonException e) when (e.Problem.Status == 503)
        {
            return Finding.Failed("server", $"The server at {client.Address} answers, but cannot take work.");
        }
        catch (BatonException e) when (ServerOptions.IsForeign(e.Problem) || (e.Problem.Status == 0 && IsTaken(client.Address)))
        {
            return Finding.Failed("server", $"Another program listens at {client.Address}: stop it, or start Baton with --port.");
        }
        catch (BatonException e) when (e.Problem.Status == 0)
        {
            return ServerOptions.IsNamed(server) ? Finding.Failed("server", $"No server answers at {client.Address}.") : Finding.Ok("server", $"None runs at {client.Address}; the port is free. 'baton serve' starts one.");
        }
        catch (BatonException e)
        {
            return Finding.Failed("server", $"{client.Address}: {e.Problem.Title}. {e.Problem.Detail}");
        }
    }

    private static bool IsTaken(Uri address) => IPAddress.TryParse(address.Host, out var host) && IPAddress.IsLoopback(host)
        && IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == address.Port);

    private async Task<Finding> DatabaseAsync(CancellationToken cancel)
    {
        var path = database;
        if (!File.Exists(path)) return Writable(Path.GetDirectoryName(path)!) is { } reason ? Finding.Failed("database", reason) : Finding.Ok("database", $"{path} does not exist yet; 'baton serve' creates it.");
        return await DatabaseFile.InspectAsync(path, cancel) switch
        {
            DatabaseFile.State.Sound sound when sound.Schema < Migrator.Latest => Finding.Ok("database", $"{path}: {Size(path)}, sound; the next start upgrades its schema from {sound.Schema} to {Migrator.Latest}."),
            DatabaseFile.State.Sound sound when sound.Schema > Migrator.Latest => Finding.Failed("database", new NewerSchemaException(sound.Schema, Migrator.Latest).Message),
            DatabaseFile.State.Sound when PrivateFiles.IsOpen(path) => Finding.Warning("database", $"{path}: {Size(path)}, sound, but every user of this machine can read it, and prompts stand in it. Take that from them: chmod o-r {path}*"),
            DatabaseFile.State.Sound => Finding.Ok("database", $"{path}: {Size(path)}, sound."),
            DatabaseFile.State.Damaged damaged => Finding.Failed("database", $"{path} is damaged: {damaged.What}. Stop Baton, keep the file, and restore a backup."),
            DatabaseFile.State.Unreadable unreadable => Finding.Failed("database", unreadable.Why),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static string Find(HostSettings settings, IConfiguration configuration) => settings.FindDatabase(configuration) is var set && PostgresAddress.IsOne(set) ? set : Path.GetFullPath(set);

    private async Task<Finding> PostgresAsync(CancellationToken cancel)
    {
        PostgresAddress address;
        try
        {
            address = PostgresAddress.Parse(database);
        }
        catch (FormatException e)
        {
            return Finding.Failed("database", e.Message);
        }
        var latest = Migrator.Scripts("postgres").Count;
        return await PostgresServer.InspectAsync(address, cancel) switch
        {
            PostgresServer.State.Unreachable unreachable => Finding.Failed("database", unreachable.Why),
            PostgresServer.State.Answers { IsDurable: false } => Finding.Failed("database", $"{address} has fsync off: what it acknowledges is lost when its machine fails."),
            PostgresServer.State.Answers old when int.Parse(old.Version.Split('.', ' ')[0], System.Globalization.CultureInfo.InvariantCulture) < PostgresServer.OldestMajor => Finding.Failed("database", $"{address} is PostgreSQL {old.Version}; Baton needs {PostgresServer.OldestMajor} or newer."),
            PostgresServer.State.Answers { Schema: { } schema } when schema > latest => Finding.Failed("database", new NewerSchemaException(schema, latest).Message),
            PostgresServer.State.Answers { Schema: null } empty => Finding.Ok("database", $"{address}: PostgreSQL {empty.Version}; 'baton serve' makes its schema."),
            PostgresServer.State.Answers found => Finding.Ok("database", $"{address}: PostgreSQL {found.Version}{(found.Schema < latest ? $"; the next start upgrades its schema from {found.Schema} to {latest}" : "")}."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private Finding Disk()
    {
        var folder = Existing(Path.GetDirectoryName(database)!);
        var free = new DriveInfo(folder).AvailableFreeSpace;
        return free < LittleDisk ? Finding.Warning("disk", $"{Bytes(free)} are free at {folder}. When it is full, runs wait: nothing is lost, nothing goes on.") : Finding.Ok("disk", $"{Bytes(free)} are free at {folder}.");
    }

    private static async Task<Finding> GitAsync(CancellationToken cancel) =>
        await new Git(TimeProvider.System).RunAsync(new GitCommand(AppContext.BaseDirectory, ["--version"]), cancel) is GitOutcome.Ran { ExitCode: 0 } ran
            ? Finding.Ok("git", $"{ran.Text.Trim()}.") : Finding.Warning("git", "The command git is missing: the PR confidence analysis needs it. Install it with your package manager.");

    private static string? Writable(string folder)
    {
        var existing = Existing(folder);
        try
        {
            var probe = Path.Combine(existing, $".baton-doctor-{Environment.ProcessId}");
            File.WriteAllText(probe, "");
            File.Delete(probe);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"The database is to be in {folder}, but {existing} cannot be written: {e.Message}";
        }
    }

    /// <summary>The folder itself, or the nearest above it that exists.</summary>
    private static string Existing(string folder)
    {
        while (!Directory.Exists(folder)) folder = Path.GetDirectoryName(folder)!;
        return folder;
    }

    private static string Size(string path) => Bytes(new FileInfo(path).Length);

    private static string Bytes(long count) => count switch
    {
        < 1 << 20 => $"{count / 1024.0:0} KiB",
        < 1 << 30 => $"{count / 1048576.0:0} MiB",
        _ => $"{count / 1073741824.0:0.0} GiB",
    };
}
