using System.Globalization;
using System.Text;

namespace Baton.Server.Storage;

/// <summary>Keeps a second server off a database file: runs have one owner, and one process is it. Freed by the system when the process dies.</summary>
internal sealed class DatabaseLock : IDisposable
{
    private readonly FileStream file;

    private DatabaseLock(FileStream file) => this.file = file;

    /// <exception cref="DatabaseInUseException">Another process holds the file.</exception>
    public static DatabaseLock Take(string databasePath)
    {
        var path = $"{databasePath}.lock";
        try
        {
            var taken = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            taken.SetLength(0);
            taken.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            taken.Flush();
            return new DatabaseLock(taken);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
        {
            throw new DatabaseInUseException(databasePath, Holder(path));
        }
    }

    public void Dispose() => file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            using var taken = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(taken);
            return $"process {reader.ReadToEnd()}";
        }
        catch (IOException)
        {
            return "another process";
        }
    }
}

internal sealed class DatabaseInUseException(string path, string holder)
    : Exception($"{path} is in use by {holder}. Stop that server, or give this one another file with --db.");
