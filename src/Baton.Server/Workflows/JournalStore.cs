using System.Data.Common;
using System.Runtime.CompilerServices;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>The journal on the database: appends go through the group commit, reads see everything that was acknowledged.</summary>
internal sealed class JournalStore(Database database, RunWrites writes) : IJournal
{
    /// <summary>One round trip: a node that comes back reads thousands.</summary>
    private readonly string readRun = $"{writes.Sql.Journal.ReadLease};\n{writes.Sql.Journal.ReadLeased};\n{writes.Sql.Journal.ReadLeasedInbox}";

    public async ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => await database.ReadAsync<RunHistory?>(async connection =>
    {
        await using var command = Command(connection, readRun, lease, 0);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel)) return null;
        await reader.NextResultAsync(cancel);
        var entries = new List<JournalEntry>();
        while (await reader.ReadAsync(cancel)) entries.Add(JournalRows.ToEntry(Entry(reader)));
        await reader.NextResultAsync(cancel);
        return new RunHistory(entries, await MessagesAsync(reader, cancel));
    }, cancel);

    public async ValueTask<IReadOnlyList<InboxMessage>> ReadInboxAsync(RunLease lease, long after, CancellationToken cancel) => await database.ReadAsync(async connection =>
    {
        await using var command = Command(connection, writes.Sql.Journal.ReadLeasedInbox, lease, after);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await MessagesAsync(reader, cancel);
    }, cancel);

    public ValueTask<bool> AppendAsync(RunLease lease, JournalEntry entry) => database.WriteAsync(new AppendRequest(lease, entry, writes));

    public ValueTask<ParkResult> ParkAsync(RunLease lease, ParkRequest request) => database.WriteAsync(new ParkRunRequest(lease, request, writes));

    /// <summary>Rows after a position, at most <paramref name="limit"/> of them.</summary>
    public async IAsyncEnumerable<JournalRow> ReadRowsAsync(DbConnection connection, TenantId tenant, long runNo, long after, int limit,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        await using var command = Command(connection, writes.Sql.Journal.ReadEntries, ("@Tenant", tenant.Value), ("@RunNo", runNo), ("@After", after), ("@Limit", limit));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
        {
            yield return Entry(reader);
        }
    }

    public async Task<IReadOnlyList<InboxMessage>> ReadInboxAsync(DbConnection connection, TenantId tenant, long runNo, long after, CancellationToken cancel)
    {
        await using var command = Command(connection, writes.Sql.Journal.ReadInbox, ("@Tenant", tenant.Value), ("@RunNo", runNo), ("@After", after));
        await using var reader = await command.ExecuteReaderAsync(cancel);
        return await MessagesAsync(reader, cancel);
    }

    private static JournalRow Entry(DbDataReader reader) => new(reader.GetInt64(0), (JournalKind)reader.GetInt32(1), reader.GetInt64(2), reader.GetString(3),
        reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.IsDBNull(5) ? null : reader.GetInt64(5), Body.Read(reader, 6), reader.IsDBNull(7) ? null : reader.GetString(7));

    private static async Task<IReadOnlyList<InboxMessage>> MessagesAsync(DbDataReader reader, CancellationToken cancel)
    {
        var messages = new List<InboxMessage>();
        while (await reader.ReadAsync(cancel))
        {
            messages.Add(new InboxMessage(reader.GetInt64(0), KindOf(reader.GetString(1)), reader.GetString(2), Body.Read(reader, 3),
                reader.IsDBNull(4) ? null : RunStates.TryParse(reader.GetString(4), out var state) ? state : null, JournalRows.Error(reader.IsDBNull(5) ? null : reader.GetString(5))));
        }
        return messages;
    }

    private static DbCommand Command(DbConnection connection, string sql, RunLease lease, long after) =>
        Command(connection, sql, ("@Tenant", lease.Tenant.Value), ("@Id", lease.Run.ToString()), ("@Fencing", lease.Fencing), ("@After", after));

    private static DbCommand Command(DbConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
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
