namespace Baton.Server.Outbound;

/// <summary>Where a path really leads: what a policy about folders must compare, because a link below a folder may lead out of it.</summary>
internal static class RealPath
{
    /// <summary>The path without links in any of its parts; null when it does not exist.</summary>
    public static string? Of(string path)
    {
        path = Path.GetFullPath(path);
        var real = Path.GetPathRoot(path)!;
        var links = 0;
        var rest = new Stack<string>(path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        while (rest.TryPop(out var part))
        {
            if (part == ".") continue;
            if (part == "..")
            {
                real = Path.GetDirectoryName(real) ?? real;
                continue;
            }
            var next = Path.Combine(real, part);
            FileSystemInfo entry = Directory.Exists(next) ? new DirectoryInfo(next) : new FileInfo(next);
            if (entry.LinkTarget is { } target)
            {
                if (++links > 40) return null;
                if (target.StartsWith('/')) real = "/";
                foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse()) rest.Push(step);
                continue;
            }
            if (!entry.Exists) return null;
            real = next;
        }
        return real;
    }

    /// <summary>Whether a real path lies below a folder, whose own links are resolved.</summary>
    public static bool IsBelow(string real, string folder) =>
        Of(folder) is { } root && real.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal);
}
