using System.Data;
using Baton.Engine;
using Npgsql;

namespace Baton.Server.Storage;

/// <summary>A connection of a writer, which has the writer's row in <c>writers</c>. Not for several threads at once.</summary>
/// <remarks>
/// It begins by taking the row, and each of its transactions by marking it with a number. What was sent by a session that no longer has the row is refused,
/// even if the server reads it only now. So the next session finds out what became of a commit whose answer was lost, and whoever takes over this node's
/// runs, and takes the row from it, finds every write either done or refused.
/// </remarks>
internal sealed class PostgresSession : IDisposable
{
    /// <summary>Waits until a transaction that has the row is done. Gives the number of the last that was committed.</summary>
    private const string Take = "INSERT INTO writers (node, lane, batch, session) VALUES ($1, $2, 0, $3) ON CONFLICT (node, lane) DO UPDATE SET session = excluded.session RETURNING batch";

    /// <summary>Refused (see <see cref="PostgresErrors.IsFenced"/>) where the row is another session's: a batch without a number is against its NOT NULL.</summary>
    private const string Mark = """
        INSERT INTO writers (node, lane, batch, session) VALUES ($1, $2, $3, $4)
        ON CONFLICT (node, lane) DO UPDATE SET batch = CASE WHEN writers.session = excluded.session THEN excluded.batch END
        """;

    /// <summary>Plans are made anew after so many transactions, and whenever their number has doubled since: those of a small table are wrong for a large one.</summary>
    private const int FirstPlans = 16;

    /// <summary>Writers look rows up by their keys and nothing else: plans that read whole tables, made while those were small, must not survive their growth.</summary>
    private static readonly string[] Settings =
    [
        "SET statement_timeout = 0", "SET plan_cache_mode = force_generic_plan", "SET enable_seqscan = off", "SET enable_hashjoin = off", "SET enable_mergejoin = off", "SET jit = off", "SET random_page_cost = 0.01",
        "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false)",
    ];

    private readonly NpgsqlConnection connection;
    private readonly string node;
    private readonly int lane;
    private readonly long number = Random.Shared.NextInt64(1, long.MaxValue);
    private int performed, replanAt = FirstPlans;

    private PostgresSession(NpgsqlConnection connection, string node, int lane)
    {
        (this.connection, this.node, this.lane) = (connection, node, lane);
        using var commands = connection.CreateBatch();
        commands.BatchCommands.Add(OnRow(Take, number));
        foreach (var setting in Settings) commands.BatchCommands.Add(new NpgsqlBatchCommand(setting));
        CommittedNo = (long)commands.ExecuteScalar()!;
        Statements = new PostgresStatements(connection);
    }

    /// <summary>The number of the writer's last transaction that was committed before this session.</summary>
    public long CommittedNo { get; }

    public PostgresStatements Statements { get; }

    /// <summary>False for a connection that is of no use: a server that dies can leave one that no error has spoken of.</summary>
    public bool IsOpen => connection.State == ConnectionState.Open;

    /// <param name="name">Of the database, for people.</param>
    /// <exception cref="StorageUnavailableException">There is no connection to be had.</exception>
    public static PostgresSession Open(NpgsqlDataSource source, string name, string node, int lane)
    {
        var opened = default(NpgsqlConnection);
        try
        {
            opened = source.OpenConnection();
            return new PostgresSession(opened, node, lane);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
        {
            opened?.Dispose();
            throw e is NpgsqlException server ? PostgresErrors.Explain(server, name) : new StorageUnavailableException($"{name} does not answer: {e.Message}", e);
        }
    }

    /// <summary>Statements to be sent together, the first of which marks the row.</summary>
    /// <param name="batchNo">Of the transaction; null where it is marked already.</param>
    public NpgsqlBatch NewBatch(long? batchNo)
    {
        var commands = connection.CreateBatch();
        if (batchNo is { } no) commands.BatchCommands.Add(OnRow(Mark, no, number));
        return commands;
    }

    public NpgsqlTransaction BeginTransaction() => connection.BeginTransaction();

    /// <summary>To be called before each transaction.</summary>
    public void Replan()
    {
        if (++performed < replanAt) return;
        replanAt *= 2;
        Statements.RunScript("DISCARD PLANS");
    }

    public void Dispose()
    {
        Statements.Dispose();
        NpgsqlConnection.ClearPool(connection);   // what shares its fate is not to be handed out again
        connection.Dispose();
    }

    private NpgsqlBatchCommand OnRow(string sql, params ReadOnlySpan<long> numbers)
    {
        var command = new NpgsqlBatchCommand(sql) { Parameters = { new NpgsqlParameter<string> { TypedValue = node }, new NpgsqlParameter<int> { TypedValue = lane } } };
        foreach (var value in numbers) command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = value });
        return command;
    }
}
