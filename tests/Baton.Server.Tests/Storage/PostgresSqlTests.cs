using System.Reflection;
using System.Text.RegularExpressions;
using Baton.Server.Storage;
using Baton.Server.Workflows;
using Npgsql;

namespace Baton.Server.Tests.Storage;

/// <summary>Every statement and every table on PostgreSQL, found and not listed.</summary>
public sealed class PostgresSqlTests : IAsyncLifetime
{
    private static readonly string[] WithoutTenant = ["nodes", "leases", "writers", "packing", "schema_version"];

    private static readonly string[] Flags = ["@Leads"];

    private static readonly string[] Numbers = ["@IsActive", "@Before", "@Started", "@Limit", "@Most", "@No", "@RunNo", "@Skip", "@Keep", "@After", "@Fencing"];

    private NpgsqlDataSource source = null!;
    private string schema = "";

    public async ValueTask InitializeAsync()
    {
        var address = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
        schema = address.Schema;
        source = PostgresDatabase.Connect(address, new StorageOptions());
        PostgresMigrator.Migrate(source, address.Schema);
    }

    public ValueTask DisposeAsync() => source?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task Every_statement_fits_the_schema()
    {
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var faults = new List<string>();
        var count = 0;
        foreach (var (name, sql) in Statements())
        {
            count++;
            await using var command = new NpgsqlCommand($"PREPARE s{count} AS {Positional(sql)}", connection);
            try
            {
                await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            }
            catch (PostgresException e)
            {
                faults.Add($"{name}: {e.MessageText}");
            }
        }
        Assert.True(count > 30);
        Assert.Empty(faults);
    }

    [Fact]
    public async Task The_key_of_every_table_begins_with_the_tenant()
    {
        var first = await ColumnAsync($"""
            SELECT t.relname || ' ' || coalesce((SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE i.indrelid = t.oid AND i.indisprimary), '')
            FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE n.nspname = '{schema}' AND t.relkind = 'r'
            """);
        Assert.True(first.Count > 8);
        Assert.All(first, table => Assert.True(table.EndsWith(" tenant_id", StringComparison.Ordinal) || WithoutTenant.Contains(table.Split(' ')[0]), table));
    }

    [Fact]
    public async Task Migrating_twice_changes_nothing_and_nodes_that_start_together_do_it_once()
    {
        var (from, to) = PostgresMigrator.Migrate(source, schema);
        Assert.Equal(from, to);
        var address = PostgresAddress.Parse(await Postgres.NewSchemaAsync());
        await using var fresh = PostgresDatabase.Connect(address, new StorageOptions());
        var migrations = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await Task.Yield();
            return PostgresMigrator.Migrate(fresh, address.Schema);
        }));
        Assert.Single(migrations, one => one.From == 0);
        Assert.All(migrations, one => Assert.Equal(to, one.To));
    }

    [Fact]
    public async Task A_schema_of_a_newer_version_is_left_alone()
    {
        await ColumnAsync("UPDATE schema_version SET version = 999 RETURNING 'x'");
        Assert.Contains("schema 999", Assert.Throws<NewerSchemaException>(() => PostgresMigrator.Migrate(source, schema)).Message);
        Assert.Equal(["999"], await ColumnAsync("SELECT version::text FROM schema_version"));
    }

    private static IEnumerable<(string Name, string Sql)> Statements()
    {
        foreach (var record in typeof(RunSql).Assembly.GetTypes().Where(type => type.Name.EndsWith("Sql", StringComparison.Ordinal) && type.GetField("Postgres", BindingFlags.Public | BindingFlags.Static) is not null))
        {
            var instance = record.GetField("Postgres", BindingFlags.Public | BindingFlags.Static)!.GetValue(null);
            foreach (var property in record.GetProperties().Where(property => property.PropertyType == typeof(string)))
            {
                if (property.GetValue(instance) is string sql) yield return ($"{record.Name}.{property.Name}", sql);
            }
        }
        foreach (var bulk in typeof(BulkWrite).Assembly.GetTypes().Where(type => type.BaseType == typeof(BulkWrite)))
            yield return (bulk.Name, ((BulkWrite)bulk.GetField("Instance", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!).Sql);
    }

    /// <summary>Readers' parameters are named and typed by their values: a value of each type stands for them.</summary>
    private static string Positional(string sql) => Regex.Replace(sql, "@[A-Za-z]+", match => Flags.Contains(match.Value) ? "true" : match.Value == "@Length" ? "0" : Numbers.Contains(match.Value) || match.Value.EndsWith("Ms", StringComparison.Ordinal) ? "0::bigint" : "''::text", RegexOptions.None, TimeSpan.FromSeconds(1));

    private async Task<List<string>> ColumnAsync(string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var found = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken)) found.Add(reader.GetString(0));
        return found;
    }
}
