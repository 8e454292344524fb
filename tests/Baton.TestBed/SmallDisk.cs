namespace Baton.TestBed;

/// <summary>A file system of a few megabytes in memory, which can be filled to its last byte and emptied again.</summary>
public sealed class SmallDisk : IAsyncDisposable
{
    private readonly Watchdog watchdog;

    private SmallDisk(string path)
    {
        Path = path;
        watchdog = new Watchdog($"umount -l '{path}'; rmdir '{path}'");
    }

    /// <summary>Where it is mounted; everybody may write there.</summary>
    public string Path { get; }

    private string Ballast => System.IO.Path.Combine(Path, "ballast");

    /// <returns>Null where mounting is not permitted: it takes root.</returns>
    public static async Task<SmallDisk?> MountAsync(int megabytes, CancellationToken cancel)
    {
        var path = Directory.CreateTempSubdirectory("baton-disk-").FullName;
        try
        {
            await Tool.RunAsync(["mount", "-t", "tmpfs", "-o", $"size={megabytes}m,mode=1777", "baton-test", path], cancel);
            return new SmallDisk(path);
        }
        catch (InvalidOperationException)
        {
            Directory.Delete(path);
            return null;
        }
    }

    /// <summary>Leaves no byte for anybody else.</summary>
    public async Task FillAsync(CancellationToken cancel)
    {
        var block = new byte[64 * 1024];
        await using var file = new FileStream(Ballast, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) await file.WriteAsync(block, cancel);
        }
        catch (IOException)
        {
            // Full: that was the wish.
        }
    }

    /// <summary>Makes room again.</summary>
    public void Free() => File.Delete(Ballast);

    public ValueTask DisposeAsync() => watchdog.DisposeAsync();
}
