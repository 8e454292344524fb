using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>Tells the errors of PostgreSQL itself (gone, full, overloaded) from those of a statement. Classes are those of its manual, appendix A.</summary>
internal static class PostgresErrors
{
    private const string DiskFull = "53100", TooManyConnections = "53300", ReadOnly = "25006", DeadlockDetected = "40P01", SerializationFailure = "40001", LockTimeout = "55P03", Canceled = "57014",
        IdleTimeout = "25P03", DivisionByZero = "22012", NotNullViolation = "23502";

    /// <summary>True when another transaction was in the way: the same statements may succeed at once.</summary>
    public static bool IsConflict(NpgsqlException e) => e.SqlState is DeadlockDetected or SerializationFailure;

    /// <summary>True when no statement could have succeeded: everything in the transaction is rolled back and may be tried again.</summary>
    public static bool IsStorageFailure(NpgsqlException e) => e.SqlState is null or ReadOnly or LockTimeout or Canceled or IdleTimeout
        || IsConflict(e) || IsFenced(e) || e.SqlState[..2] is "08" or "53" or "57" or "58" or "XX";

    /// <summary>True when the connection is of no use any more: lost, or to a server that is not the one that takes writes.</summary>
    public static bool IsLost(NpgsqlException e) => e.SqlState is null or ReadOnly or IdleTimeout || e.SqlState[..2] is "08" || e.SqlState is "57P01" or "57P02" or "57P03";

    /// <summary>True when the server went away before it said what became of the transaction.</summary>
    public static bool LeavesOpen(NpgsqlException e) => IsLost(e) && e.SqlState is not (ReadOnly or IdleTimeout);

    /// <summary>True when a statement refused itself by <c>1 / 0</c>: see <see cref="BulkWrite.Sql"/>.</summary>
    public static bool IsRefusal(NpgsqlException e) => e.SqlState is DivisionByZero;

    /// <summary>True when another session has taken this one's row in <c>writers</c>: nothing that it sent meanwhile was written.</summary>
    public static bool IsFenced(NpgsqlException e) => e is PostgresException { SqlState: NotNullViolation, TableName: "writers" };

    /// <summary>True for what a connection says that breaks in the middle, beside errors of its own.</summary>
    public static bool IsBroken(Exception e) => e is IOException or TimeoutException or ObjectDisposedException;

    /// <summary>What happened, and what to do about it.</summary>
    public static StorageUnavailableException Explain(NpgsqlException e, string name) => new(e.SqlState switch
    {
        DiskFull => $"The disk of {name} is full. Nothing acknowledged is lost: free space, and work goes on by itself.",
        TooManyConnections => $"{name} refuses more connections: raise its max_connections, or lower Storage:ReadConnections and Storage:WriterConnections of the nodes. Work goes on by itself.",
        ReadOnly => $"{name} accepts no writes: it is a standby. Name all hosts (postgres://HOST1:PORT,HOST2:PORT/DATABASE), and the one that takes writes is found.",
        LockTimeout or Canceled => $"{name} did not get to the statement in time: something holds its rows, or it is overloaded. Work goes on by itself. ({e.Message})",
        _ when IsFenced(e) => $"In {name}, another process writes under this node's name, or this node was taken for dead. Work goes on by itself, in one of them.",
        "28P01" or "28000" => $"{name} does not accept these credentials. ({Text(e)})",
        "3D000" => $"The database of {name} does not exist: make it with 'createdb', or name another. ({Text(e)})",
        "42501" => $"The user may not do that in {name}: grant it CREATE on the database, or make the schema for it. ({Text(e)})",
        _ => $"{name} does not answer: {Text(e)} Nothing acknowledged is lost; work goes on by itself when it is back.",
    }, e);

    private static string Text(NpgsqlException e) => e is PostgresException server ? $"{server.MessageText} ({server.SqlState})." : Innermost(e).Message.TrimEnd('.') + '.';

    /// <summary>What stands outside says no more than that there is something inside.</summary>
    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;
}
