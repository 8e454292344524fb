using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>The journal on the database: appends go through the group commit, reads see everything that was acknowledged.</summary>
internal sealed class JournalStore(Database database, RunWrites writes) : IJournal
{
    public async ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => await database.ReadAsync<RunHistory?>(async connection =>
    {
        if (await RunNoAsync(connection, lease, cancel) is not { } runNo) return null;
        var entries = new List<JournalEntry>();
        await foreach (var row in ReadRowsAsync(connection, lease.Tenant, runNo, after: -1, limit: int.MaxValue, cancel)) entries.Add(JournalRows.ToEntry(row));
        return new RunHistory(entries, await ReadInboxAsync(connection, lease.Tenant, runNo, 0, cancel));
    }, cancel);

    public async ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => await database.ReadAsync(async connection =>
        await RunNoAsync(connection, lease, cancel) is { } runNo ? await ReadInboxAsync(connection, lease.Tenant, runNo, after, cancel) : [], cancel);

    public ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry) => database.WriteAsync(new AppendRequest(lease, entry, writes));

    public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => database.WriteAsync(new ParkRunRequest(lease, request, writes));

    /// <summary>Rows after a position, at most <paramref name="limit"/> of them.</summary>
    public async IAsyncEnumerable<JournalRow> ReadRowsAsync(System.Data.Common.DbConnection connection, TenantId tenant, long runNo, long after, int limit,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = Command(connection, writes.Sql.Journal.ReadEntries, ("@Tenant", tenant.Value), ("@RunNo", runNo), ("@After", after), ("@Limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return new JournalRow(reader.GetInt64(0), (JournalKind)reader.GetInt32(1), reader.GetInt64(2), reader.GetString(3),
                reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.IsDBNull(5) ? null : reader.GetInt64(5), Body.Read(reader, 6), reader.IsDBNull(7) ? null : reader.GetString(7));
        }
    }

    public async Task<IReadOnlyList<InboxMessage>> ReadInboxAsync(System.Data.Common.DbConnection connection, TenantId tenant, long runNo, long after, CancellationToken cancel)
    {
        await using var command = Command(connection, writes.Sql.Journal.ReadInbox, ("@Tenant", tenant.Value), ("@RunNo", runNo), ("@After", after));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var messages = new List<InboxMessage>();
        while (await reader.ReadAsync(cancel))
        {
            messages.Add(new InboxMessage(reader.GetInt64(0), KindOf(reader.GetString(1)), reader.GetString(2), Body.Read(reader, 3),
                reader.IsDBNull(4) ? null : RunStates.TryParse(reader.GetString(4), out var state) ? state : null, JournalRows.Error(reader.IsDBNull(5) ? null : reader.GetString(5))));
        }
        return messages;
    }

    private async Task<long?> RunNoAsync(System.Data.Common.DbConnection connection, RunLease lease, CancellationToken cancel)
    {
        await using var command = Command(connection, writes.Sql.Journal.LeasedRunNo, ("@Tenant", lease.Tenant.Value), ("@Id", lease.Run.ToString()), ("@Fencing", lease.Fencing));
        return (long?)await command.ExecuteScalarAsync(cancel);
    }

    private static System.Data.Common.DbCommand Command(System.Data.Common.DbConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = name;
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }
        return command;
    }

    private static InboxKind KindOf(string name) => name switch
    {
        "signal" => InboxKind.Signal,
        "event" => InboxKind.Event,
        _ => InboxKind.ChildEnded,
    };
}
