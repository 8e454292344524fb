using System.Text.Json;

namespace Baton.Load;

/// <summary>The other engines, as npm installs them into a folder that outlives the run; nothing of theirs is in the repository.</summary>
internal sealed class PeerPackages
{
    /// <summary>The first time, a database driver is compiled: that alone may take minutes.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private PeerPackages(string folder) => Folder = folder;

    /// <summary>Holds the drivers and, beside them, what they import.</summary>
    public string Folder { get; }

    /// <summary>Installs what is not there yet at exactly these versions.</summary>
    /// <exception cref="BenchException">It does not work; the message says why.</exception>
    public static async Task<PeerPackages> InstallAsync()
    {
        var folder = Directory.CreateDirectory(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "peers"))).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "peers"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        var (wanted, stamp) = (await File.ReadAllTextAsync(Path.Combine(folder, "package-lock.json")), Path.Combine(folder, ".installed"));
        if (!File.Exists(stamp) || await File.ReadAllTextAsync(stamp) != wanted)
        {
            await Console.Error.WriteLineAsync($"engine: installing the peers from npm into {folder} (once; some minutes)...");
            using var npm = PeerProcess.Start(folder, "npm", ["ci", "--no-audit", "--no-fund"]);
            await npm.ExitAsync(Patience);
            await File.WriteAllTextAsync(stamp, wanted);
        }
        return new PeerPackages(folder);
    }

    /// <summary>The installed version of a package; null when it could not be installed.</summary>
    public string? Version(string package)
    {
        var file = Path.Combine(Folder, "node_modules", package, "package.json");
        if (!File.Exists(file)) return null;
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        return json.RootElement.GetProperty("version").GetString();
    }
}
