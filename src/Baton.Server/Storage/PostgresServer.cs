using Dapper;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>Looks at a PostgreSQL without changing anything.</summary>
internal static class PostgresServer
{
    /// <summary>The oldest that Baton works with.</summary>
    public const int OldestMajor = 15;

    public abstract record State
    {
        private State() { }

        /// <param name="Version">As the server tells it.</param>
        /// <param name="Schema">Number of the last migration; null where there is no Baton yet.</param>
        /// <param name="IsDurable">False when the server does not wait for its disk (fsync is off).</param>
        public sealed record Answers(string Version, int? Schema, bool IsDurable) : State;

        public sealed record Unreachable(string Why) : State;
    }

    public static async Task<State> InspectAsync(PostgresAddress address, CancellationToken cancel)
    {
        try
        {
            await using var source = PostgresDatabase.Connect(address, new StorageOptions());
            await using var connection = await source.OpenConnectionAsync(cancel);
            var (version, fsync, exists) = await connection.QuerySingleAsync<(string, string, bool)>(new CommandDefinition(
                "SELECT current_setting('server_version'), current_setting('fsync'), to_regclass('schema_version') IS NOT NULL", cancellationToken: cancel));
            int? schema = exists ? await connection.ExecuteScalarAsync<int>(new CommandDefinition("SELECT version FROM schema_version", cancellationToken: cancel)) : null;
            return new State.Answers(version, schema, fsync == "on");
        }
        catch (NpgsqlException e)
        {
            return new State.Unreachable(PostgresErrors.Explain(e, address.ToString()).Message);
        }
    }
}
