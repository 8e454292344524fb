using System.Globalization;

namespace Baton.Server.Storage;

/// <summary>Keeps a second server off a database file: runs have one owner, and one process is it. Freed by the system when the process dies.</summary>
internal sealed class DatabaseLock : IDisposable
{
    private readonly FileStream file;
    private readonly string holder;

    private DatabaseLock(FileStream file, string holder)
    {
        this.file = file;
        this.holder = holder;
    }

    /// <exception cref="DatabaseInUseException">Another process holds the file.</exception>
    public static DatabaseLock Take(string databasePath)
    {
        var note = $"{databasePath}.pid";
        FileStream taken;
        try
        {
            // None: on Unix every other share is a shared lock, which any number of processes may hold. Nobody can read a file that is
            // locked so, therefore the holder's number stands in another.
            taken = new FileStream($"{databasePath}.lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new DatabaseInUseException(databasePath, Holder(note));
        }
        var held = new DatabaseLock(taken, note);
        try
        {
            File.WriteAllText(note, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        File.Delete(holder);
        file.Dispose();
    }

    private static string Holder(string path)
    {
        try
        {
            return $"process {File.ReadAllText(path)}";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}

internal sealed class DatabaseInUseException(string path, string holder)
    : Exception($"{path} is in use by {holder}. Stop that server, or give this one another file with --db.");
