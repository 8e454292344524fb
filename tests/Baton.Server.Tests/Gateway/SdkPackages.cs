using System.ComponentModel;
using Baton.Conformance;

namespace Baton.Server.Tests.Gateway;

/// <summary>The SDKs as npm installs them, beside the build's results; nothing of theirs is in the repository.</summary>
internal static class SdkPackages
{
    private const int OldestNode = 20;

    private static readonly Lazy<Task<(string Folder, string? Missing)>> Installed = new(MakeAsync);

    /// <summary>The folder with the SDKs and the scripts that use them. Skips the test where they cannot be had.</summary>
    public static async Task<string> InstallAsync()
    {
        var (folder, missing) = await Installed.Value;
        Assert.SkipWhen(missing is not null, missing ?? "");
        return folder;
    }

    private static async Task<(string Folder, string? Missing)> MakeAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(ConformanceData.Root, "artifacts", "sdks")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.Combine(ConformanceData.Root, "tests", "Baton.Server.Tests", "Gateway", "Sdks"))) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
        var (wanted, stamp) = (await File.ReadAllTextAsync(Path.Combine(folder, "package-lock.json")), Path.Combine(folder, ".installed"));
        if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted) return (folder, null);
        try
        {
            if (Version.Parse((await Tool.RunAsync(["node", "--version"], CancellationToken.None)).Trim().TrimStart('v')).Major < OldestNode) return (folder, $"The SDKs want Node.js {OldestNode} or newer.");
            await Tool.RunAsync(["npm", "ci", "--prefix", folder, "--no-audit", "--no-fund"], CancellationToken.None);
            await File.WriteAllTextAsync(stamp, wanted);
            return (folder, null);
        }
        catch (Exception e) when (e is Win32Exception or InvalidOperationException or OperationCanceledException)
        {
            return (folder, $"The SDKs cannot be installed (Node.js 20 or newer, with npm): {e.Message}");
        }
    }
}
