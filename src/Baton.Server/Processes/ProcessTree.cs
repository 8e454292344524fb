using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Baton.Server.Processes;

/// <summary>
/// Ends a process with everything that it has started. Its descendants are found through their parents, and, where the system has
/// <c>setsid</c>, through the session that the process was started in: a child whose parent is gone still belongs to that.
/// </summary>
/// <remarks>A process that makes a session of its own and loses its parent escapes both.</remarks>
internal static class ProcessTree
{
    private const int SigKill = 9;

    // While it is being killed, a tree may still grow.
    private const int MaxPasses = 10;

    /// <summary>Where <c>setsid</c> is; null on systems without it.</summary>
    public static string? SessionStarter { get; } = Executables.Find("setsid");

    public static void Kill(Process process)
    {
        var hasExited = process.HasExited;
        if (!OperatingSystem.IsLinux())
        {
            if (!hasExited) process.Kill(entireProcessTree: true);
            return;
        }
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var family = Family(process.Id, hasExited);
            if (family.Count == 0) return;
            foreach (var pid in family) _ = SendSignal(pid, SigKill);
        }
    }

    /// <summary>All that live of a process, its session, and their descendants.</summary>
    private static HashSet<int> Family(int root, bool hasExited)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(folder => ReadEntry(Path.GetFileName(folder))).OfType<Entry>().ToList();
        // Its number may be another's once it is over; its session's is not while there is anybody in it.
        var family = all.Where(entry => (entry.Id == root && !hasExited) || (entry.Session == root && SessionStarter is not null)).Select(entry => entry.Id).ToHashSet();
        while (all.Any(entry => family.Contains(entry.Parent) && family.Add(entry.Id)))
        {
        }
        family.IntersectWith(all.Where(entry => !entry.IsDead).Select(entry => entry.Id));
        return family;
    }

    private static Entry? ReadEntry(string name)
    {
        if (!int.TryParse(name, out var id)) return null;
        try
        {
            var stat = File.ReadAllText($"/proc/{name}/stat");
            // pid (name) state parent group session: the name may hold anything, brackets too.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return new Entry(id, int.Parse(fields[1]), int.Parse(fields[3]), fields[0] is "Z" or "X");
        }
        catch (IOException)
        {
            return null;   // it has gone
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);

    private sealed record Entry(int Id, int Parent, int Session, bool IsDead);
}

/// <summary>Finds programs the way a shell does.</summary>
internal static class Executables
{
    private const string UsualPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>Where programs are looked for: this server's PATH.</summary>
    public static string SearchPath => Environment.GetEnvironmentVariable("PATH") is { Length: > 0 } path ? path : UsualPath;

    /// <param name="program">A path, or a name on the PATH.</param>
    public static string? Find(string program)
    {
        if (program.Contains('/', StringComparison.Ordinal)) return IsExecutable(program) ? program : null;
        return SearchPath.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(IsExecutable);
    }

    private static bool IsExecutable(string path) =>
        !OperatingSystem.IsWindows() && File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None;
}
