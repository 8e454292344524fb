using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>One connection's prepared statements, each prepared at its first use.</summary>
internal sealed class SqliteStatements(sqlite3 connection) : SqlStatements
{
    private readonly Dictionary<string, SqliteStatement> prepared = new(StringComparer.Ordinal);

    public override SqlStatement this[string sql]
    {
        get
        {
            if (!prepared.TryGetValue(sql, out var statement)) prepared.Add(sql, statement = new SqliteStatement(connection, sql));
            return statement;
        }
    }

    public override void RunScript(string sql) => SqliteErrors.Check(connection, raw.sqlite3_exec(connection, sql));

    public override void Dispose()
    {
        foreach (var statement in prepared.Values) statement.Dispose();
        prepared.Clear();
        connection.Dispose();
    }
}
