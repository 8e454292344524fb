using System.Data;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>
/// Brings a schema in PostgreSQL up to date: numbered files, forward only, each in one transaction, but those that say in their first line that they
/// build indexes without blocking. Nodes that start at the same moment do it one after another.
/// </summary>
internal static class PostgresMigrator
{
    /// <summary>First line of a file that PostgreSQL does not run inside a transaction. It must be possible to run it twice.</summary>
    private const string Concurrently = "-- concurrently";

    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(100);

    /// <returns>The schema's version before and after.</returns>
    /// <exception cref="NewerSchemaException">A newer Baton wrote it.</exception>
    public static (int From, int To) Migrate(NpgsqlDataSource source, string schema)
    {
        using var connection = source.OpenConnection();
        Run(connection, "SET statement_timeout = 0; SET lock_timeout = 0");
        // Asked for again and again, and not waited for: indexes that are built concurrently wait for every statement that is under way.
        using var never = new ManualResetEvent(false);
        while (!(bool)Run(connection, $"SELECT pg_try_advisory_lock(hashtextextended('baton.{schema}', 0))")!) never.WaitOne(Again);
        try
        {
            return Migrate(connection, schema);
        }
        finally
        {
            if (connection.State == ConnectionState.Open)   // a broken one holds no lock, and what broke it is what is to be told
            {
                Run(connection, $"SELECT pg_advisory_unlock(hashtextextended('baton.{schema}', 0))");
                Run(connection, "RESET statement_timeout; RESET lock_timeout");
            }
        }
    }

    private static (int From, int To) Migrate(NpgsqlConnection connection, string schema)
    {
        if (Run(connection, $"SELECT 1 FROM pg_namespace WHERE nspname = '{schema}'") is null) Run(connection, $"CREATE SCHEMA {schema}");
        if (Run(connection, $"SELECT 1 FROM pg_tables WHERE schemaname = '{schema}' AND tablename = 'schema_version'") is null)
            Run(connection, "CREATE TABLE schema_version (version integer NOT NULL); INSERT INTO schema_version VALUES (0)");
        var from = (int)Run(connection, "SELECT version FROM schema_version")!;
        var scripts = Migrator.Scripts("postgres");
        if (from > scripts.Count) throw new NewerSchemaException(from, scripts.Count);
        for (var number = from + 1; number <= scripts.Count; number++)
        {
            var script = scripts[number - 1];
            var version = $"UPDATE schema_version SET version = {number}";
            if (script.StartsWith(Concurrently, StringComparison.Ordinal))
            {
                foreach (var statement in script.Split(";\n", StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)) Run(connection, statement);
                Run(connection, version);
            }
            else Run(connection, $"BEGIN; {script}; {version}; COMMIT");
        }
        return (from, scripts.Count);
    }

    private static object? Run(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return command.ExecuteScalar();
    }
}
