using Baton.Engine;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>Tells the errors of the storage itself (full, locked, broken) from those of a statement.</summary>
internal static class SqliteErrors
{
    public static void Check(sqlite3 connection, int code)
    {
        if (code is raw.SQLITE_OK or raw.SQLITE_DONE or raw.SQLITE_ROW) return;
        throw new SqliteException(raw.sqlite3_errmsg(connection).utf8_to_string(), code & 0xff, code);
    }

    /// <summary>True when no statement could have succeeded: everything in the transaction is to be rolled back and may be tried again.</summary>
    public static bool IsStorageFailure(SqliteException e) => e.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_IOERR or raw.SQLITE_BUSY or raw.SQLITE_LOCKED
        or raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN or raw.SQLITE_NOMEM || IsBroken(e);

    /// <summary>True when the file itself is damaged: trying again does not help.</summary>
    public static bool IsBroken(SqliteException e) => e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;

    /// <summary>What happened to which file, and what to do about it.</summary>
    public static StorageUnavailableException Explain(SqliteException e, string path) => new(e.SqliteErrorCode switch
    {
        raw.SQLITE_FULL => $"The disk that holds {path} is full. Nothing acknowledged is lost: free space, and work goes on by itself.",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => $"{path} is locked by another process for longer than 5 s. Close what holds it (a backup, a database shell), and work goes on by itself.",
        raw.SQLITE_READONLY or raw.SQLITE_CANTOPEN => $"{path} cannot be written: check that the file and its folder belong to the user that runs Baton. ({e.Message})",
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => $"{path} is damaged or is not a Baton database: stop Baton, keep the file, and restore a backup; `sqlite3 FILE .recover` saves what can be read. ({e.Message})",
        raw.SQLITE_IOERR => $"The disk that holds {path} failed to read or write. ({e.Message})",
        _ => $"{path}: {e.Message}",
    }, e);
}
