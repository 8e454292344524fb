using System.Data.Common;
using System.Globalization;
using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>A schema in a PostgreSQL, shared by all nodes of a cluster: a few writers that commit in groups, and a pool of connections for reading.</summary>
internal sealed class PostgresDatabase : Database
{
    private readonly NpgsqlDataSource source;
    private readonly PostgresLane[] lanes;

    private PostgresDatabase(PostgresAddress address, NpgsqlDataSource source, int writers, string node)
    {
        (Address, this.source) = (address, source);
        lanes = [.. Enumerable.Range(0, writers).Select(lane => new PostgresLane(source, Name, node, lane))];
    }

    public PostgresAddress Address { get; }

    public override Dialect Dialect => Dialect.Postgres;

    public override string Name => Address.ToString();

    /// <summary>A server that is gone may come back.</summary>
    public override string? Failure => null;

    /// <summary>See <see cref="Database.Open"/>.</summary>
    public static PostgresDatabase Open(PostgresAddress address, StorageOptions options, string node)
    {
        var connections = Connect(address, options);
        try
        {
            PostgresMigrator.Migrate(connections, address.Schema);
            return new PostgresDatabase(address, connections, Math.Clamp(options.WriterConnections, 1, 16), node);
        }
        catch (Exception e)
        {
            connections.Dispose();
            if (e is NpgsqlException server) throw PostgresErrors.Explain(server, address.ToString());
            if (PostgresErrors.IsBroken(e)) throw new StorageUnavailableException($"{address} does not answer: {e.Message}", e);
            throw;
        }
    }

    public override async ValueTask<DbConnection> ReadAsync(CancellationToken cancel) => await source.OpenConnectionAsync(cancel);

    /// <summary>A connection of the caller's own, to listen or to hold a lock for long. Not for writing.</summary>
    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancel) => source.OpenConnectionAsync(cancel);

    public override ValueTask DisposeAsync()
    {
        foreach (var lane in lanes) lane.Dispose();
        return source.DisposeAsync();
    }

    protected override void Enqueue(WriteRequest request) => lanes[(uint)request.Affinity % lanes.Length].Enqueue(request);

    protected override StorageUnavailableException Explain(DbException e) =>
        e is NpgsqlException server ? PostgresErrors.Explain(server, Name) : new StorageUnavailableException($"{Name}: {e.Message}", e);

    internal static NpgsqlDataSource Connect(PostgresAddress address, StorageOptions options)
    {
        var milliseconds = ((long)options.StatementTimeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        var connection = new NpgsqlConnectionStringBuilder(address.Connection.ConnectionString)
        {
            SearchPath = address.Schema,
            MaxPoolSize = Math.Clamp(options.ReadConnections, 1, 1_000) + Math.Clamp(options.WriterConnections, 1, 16) + 2,
            NoResetOnClose = true,          // nothing of ours changes a session that goes back to the pool
            MaxAutoPrepare = 200,
            AutoPrepareMinUsages = 2,
            TcpKeepAlive = true,
            TcpKeepAliveTime = 10,
            TcpKeepAliveInterval = 5,
            CommandTimeout = (int)Math.Ceiling(options.StatementTimeout.TotalSeconds) + 5,
            CancellationTimeout = -1,       // a commit that waits for its standby must not be cancelled: the server would then acknowledge what it may still lose
            // A node that stops in the middle of a transaction must not keep others from its rows.
            Options = $"-c statement_timeout={milliseconds} -c lock_timeout=10000 -c idle_in_transaction_session_timeout=10000",
        };
        if (address.Connection.Timeout == new NpgsqlConnectionStringBuilder().Timeout) connection.Timeout = 5;
        var isOfMany = address.Hosts.Contains(',', StringComparison.Ordinal);
        if (isOfMany) connection.HostRecheckSeconds = 1;   // after a failover, the new primary is to be found soon
        var builder = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        builder.ConfigureTypeLoading(static types => types.EnableTypeLoading(false));   // every process would begin by reading hundreds of types, and uses those that are built in
        return isOfMany ? builder.BuildMultiHost().WithTargetSession(TargetSessionAttributes.Primary) : builder.Build();
    }
}
