using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>One connection's prepared statements, each prepared at its first use. One thread at a time.</summary>
internal sealed class SqliteConnectionStatements(sqlite3 connection) : IDisposable
{
    private readonly Dictionary<string, SqliteStatement> prepared = new(StringComparer.Ordinal);

    /// <summary>The statement for this text, ready to be bound.</summary>
    public SqliteStatement this[string sql]
    {
        get
        {
            if (!prepared.TryGetValue(sql, out var statement)) prepared.Add(sql, statement = new SqliteStatement(connection, sql));
            return statement;
        }
    }

    public void Run(string sql) => this[sql].Execute();

    /// <summary>Runs several statements that are used once.</summary>
    public void RunScript(string sql) => SqliteErrors.Check(connection, raw.sqlite3_exec(connection, sql));

    public void Dispose()
    {
        foreach (var statement in prepared.Values) statement.Dispose();
        prepared.Clear();
        connection.Dispose();
    }
}
