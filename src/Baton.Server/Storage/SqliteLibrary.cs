using System.Reflection;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>
/// Which SQLite serves: the system's, when it is there and new enough, because it is kept up to date there; else the one in the package.
/// </summary>
internal static class SqliteLibrary
{
    /// <summary>3.40: the oldest whose fixes we rely on when we can choose. SQL runs on the packaged 3.35 too.</summary>
    private const int NewEnough = 3_040_000;

    private static readonly Lazy<string> Loaded = new(Load);

    /// <summary>Loads the library once; returns where it came from and its version, for <c>baton doctor</c>.</summary>
    public static string Use() => Loaded.Value;

    private static string Load()
    {
        var system = FindSystem();
        if (system is { } handle)
        {
            NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, (name, _, _) => name == "e_sqlite3" ? handle : 0);
        }
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 0);   // nobody reads how much it has allocated, and counting takes a lock for each piece
        return $"{(system is null ? "packaged" : "system")} {raw.sqlite3_libversion().utf8_to_string()}";
    }

    private static nint? FindSystem()
    {
        if (!NativeLibrary.TryLoad("libsqlite3.so.0", Assembly.GetExecutingAssembly(), DllImportSearchPath.SafeDirectories, out var handle)) return null;
        if (NativeLibrary.TryGetExport(handle, "sqlite3_libversion_number", out var export)
            && Marshal.GetDelegateForFunctionPointer<VersionNumber>(export)() >= NewEnough) return handle;
        NativeLibrary.Free(handle);
        return null;
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate int VersionNumber();
}
