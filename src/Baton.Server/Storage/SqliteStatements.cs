using SQLitePCL;

namespace Baton.Server.Storage;

/// <summary>One connection's prepared statements, and the connection itself: both end together.</summary>
internal sealed class SqliteStatements(sqlite3 connection) : SqlStatements
{
    public override void RunScript(string sql) => SqliteErrors.Check(connection, raw.sqlite3_exec(connection, sql));

    public override void Dispose()
    {
        base.Dispose();
        connection.Dispose();
    }

    protected override SqlStatement Make(string sql) => new SqliteStatement(connection, sql);
}
