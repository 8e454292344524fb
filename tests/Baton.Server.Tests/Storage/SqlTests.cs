using System.Reflection;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Baton.Server.Tests.Storage;

/// <summary>Every statement and every table of the server, found and not listed: a new one is tested with the others.</summary>
public sealed class SqlTests : IDisposable
{
    /// <summary>Tables whose key does not begin with the tenant, and why that is right.</summary>
    private static readonly Dictionary<string, string> Exceptions = new()
    {
        ["runs"] = "Its key is a number that journals refer to in four bytes; (tenant_id, id) is unique beside it, and every query of the API goes by that.",
        ["nodes"] = "Who does the work, for all tenants.",
        ["leases"] = "Which node does what one node does.",
    };

    private static readonly string[] WithoutTenant = ["nodes", "leases"];

    private readonly TemporaryFolder folder = new();
    private readonly sqlite3 connection;

    public SqlTests()
    {
        SqliteLibrary.Use();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(folder["sql.db"], out connection));
        Migrator.Migrate(new SqliteStatements(connection));
    }

    public void Dispose()
    {
        connection.Dispose();
        folder.Dispose();
    }

    /// <summary>Each text of each record of statements, of every feature.</summary>
    public static TheoryData<string, string, string> Statements()
    {
        var all = new TheoryData<string, string, string>();
        foreach (var record in typeof(RunSql).Assembly.GetTypes().Where(type => type.Name.EndsWith("Sql", StringComparison.Ordinal) && type.GetField("Sqlite", BindingFlags.Public | BindingFlags.Static) is not null))
        {
            var instance = record.GetField("Sqlite", BindingFlags.Public | BindingFlags.Static)!.GetValue(null);
            foreach (var property in record.GetProperties().Where(property => property.PropertyType == typeof(string)))
            {
                if (property.GetValue(instance) is string sql) all.Add(record.Name, property.Name, sql);   // what a database has no need of is null
            }
        }
        return all;
    }

    [Theory]
    [MemberData(nameof(Statements))]
    public void A_statement_fits_the_schema(string record, string name, string sql)
    {
        var code = raw.sqlite3_prepare_v2(connection, sql, out var statement);
        using (statement) Assert.True(code == raw.SQLITE_OK, $"{record}.{name}: {raw.sqlite3_errmsg(connection).utf8_to_string()}");
    }

    [Fact]
    public void There_are_statements() => Assert.True(Statements().Count > 30);

    [Fact]
    public void The_key_of_every_table_begins_with_the_tenant()
    {
        var first = new Dictionary<string, string?>();
        foreach (var table in Column("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")) first[table] = Column($"SELECT name FROM pragma_table_info('{table}') WHERE pk = 1").SingleOrDefault();
        Assert.True(first.Count >= 8);
        Assert.Empty(first.Where(table => table.Value != "tenant_id" && !Exceptions.ContainsKey(table.Key)).Select(table => table.Key));
        Assert.Equal(Exceptions.Keys.Order(), first.Where(table => table.Value != "tenant_id").Select(table => table.Key).Order());
        Assert.Equal(["tenant_id", "id"], Column("SELECT name FROM pragma_index_info((SELECT name FROM pragma_index_list('runs') WHERE origin = 'u'))"));
    }

    [Fact]
    public void No_table_may_hold_a_row_without_a_tenant()
    {
        foreach (var table in Column("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").Except(WithoutTenant)) Assert.Equal(["1"], Column($"SELECT \"notnull\" FROM pragma_table_info('{table}') WHERE name = 'tenant_id'"));
    }

    [Fact]
    public void Migrating_twice_changes_nothing()
    {
        var statements = new SqliteStatements(connection);
        var schema = Column("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name");
        var (from, to) = Migrator.Migrate(statements);
        Assert.Equal(from, to);
        Assert.Equal(schema, Column("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name"));
    }

    [Fact]
    public void A_schema_of_a_newer_version_is_left_alone()
    {
        new SqliteStatements(connection).RunScript("PRAGMA user_version = 999");
        var e = Assert.Throws<NewerSchemaException>(() => Migrator.Migrate(new SqliteStatements(connection)));
        Assert.Contains("schema 999", e.Message);
        Assert.Equal(["999"], Column("PRAGMA user_version"));
    }

    [Fact]
    public void The_database_itself_keeps_rows_from_being_what_they_must_not_be()
    {
        const string Columns = "INSERT INTO runs (tenant_id, id, namespace, workflow, version, state, owner, created_at_ms, updated_at_ms) VALUES ";
        var statements = new SqliteStatements(connection);
        statements.RunScript("PRAGMA foreign_keys = ON");
        statements.RunScript($"{Columns} ('t', 'r1', 'n', 'w', '1', 'queued', NULL, 0, 0)");
        foreach (var wrong in (string[])
        [
            $"{Columns} ('t', 'r1', 'n', 'w', '1', 'queued', NULL, 0, 0)",           // the same run twice
            $"{Columns} ('t', 'r2', 'n', 'w', '1', 'sleeping', NULL, 0, 0)",         // no state
            $"{Columns} ('t', 'r3', 'n', 'w', '1', 'completed', 'node', 0, 0)",      // owned and ended
            "INSERT INTO listeners (tenant_id, run_no, key, position) VALUES ('t', 999, 'k', 0)",   // of no run
            "INSERT INTO inbox (tenant_id, run_no, no, kind, name) VALUES ('t', 1, 1, 'letter', 'x')",
        ]) Assert.Equal(raw.SQLITE_CONSTRAINT, Assert.Throws<SqliteException>(() => statements.RunScript(wrong)).SqliteErrorCode);
    }

    private List<string> Column(string sql)
    {
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_prepare_v2(connection, sql, out var statement));
        using (statement)
        {
            var found = new List<string>();
            while (raw.sqlite3_step(statement) == raw.SQLITE_ROW) found.Add(raw.sqlite3_column_text(statement, 0).utf8_to_string());
            return found;
        }
    }
}
