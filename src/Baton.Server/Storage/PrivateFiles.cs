namespace Baton.Server.Storage;

/// <summary>Files that are nobody's business but the user's that runs the server. On Unix their modes say so; on Windows the folder's rights do.</summary>
internal static class PrivateFiles
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Makes a folder; those above it that are missing are made as for anybody. One that is there keeps its mode: somebody has chosen it.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, Own | UnixFileMode.UserExecute);
    }

    /// <summary>Makes an empty file where there is none.</summary>
    public static void Create(string path)
    {
        if (File.Exists(path)) return;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = Own;
        using var made = new FileStream(path, options);
    }

    /// <summary>Whether every user of the machine can read a file: its mode lets them, and no folder above it keeps them out. False for what cannot be looked at.</summary>
    public static bool IsOpen(string path)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(path) || !File.GetUnixFileMode(path).HasFlag(UnixFileMode.OtherRead)) return false;
        for (var folder = Path.GetDirectoryName(Path.GetFullPath(path)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!File.GetUnixFileMode(folder).HasFlag(UnixFileMode.OtherExecute)) return false;
        }
        return true;
    }
}
