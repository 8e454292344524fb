namespace Baton.TestBed;

/// <summary>The processes of this machine, from <c>/proc</c>.</summary>
internal static class ProcessTable
{
    public static IEnumerable<int> Children(int parent) =>
        from entry in Directory.EnumerateDirectories("/proc")
        let process = int.TryParse(Path.GetFileName(entry), out var id) ? id : 0
        where process > 0 && Stat(process) is [_, var ppid, ..] && ppid == $"{parent}"
        select process;

    /// <summary>False for one that is gone, or dead and not yet buried.</summary>
    public static bool IsAlive(int process) => Stat(process) is [not ("Z" or "X"), ..];

    /// <summary>The fields after the name, which may hold anything: state, parent, ...</summary>
    private static string[]? Stat(int process)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
