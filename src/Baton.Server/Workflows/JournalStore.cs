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

    private readonly string? readMany = writes.Sql.Journal.ReadLeases is null ? null : $"{writes.Sql.Journal.ReadLeases};\n{writes.Sql.Journal.ReadManyLeased};\n{writes.Sql.Journal.ReadManyLeasedInboxes}";

    public async ValueTask<RunHistory?> ReadAsync(RunLease lease, CancellationToken cancel) => (await database.ReadAsync(connection => ReadAsync(connection, lease, cancel), cancel))?.ToHistory();

    /// <summary>What is stored of several runs, in the order of the leases; null for one whose lease is lost.</summary>
    public Task<IReadOnlyList<StoredRun?>> ReadManyAsync(IReadOnlyList<RunLease> leases, CancellationToken cancel) => database.ReadAsync<IReadOnlyList<StoredRun?>>(async connection =>
    {
        var read = new StoredRun?[leases.Count];
        if (readMany is not null)
        {
            await using var command = Command(connection, readMany,
                ("@Tenants", leases.Select(lease => lease.Tenant.Value).ToArray()), ("@Ids", leases.Select(lease => lease.Run.ToString()).ToArray()), ("@Fencings", leases.Select(lease => lease.Fencing).ToArray()));
            await using var reader = await command.ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel)) read[Place(reader)] = new StoredRun([], []);
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel)) read[Place(reader)]?.Rows.Add(Entry(reader));
            await reader.NextResultAsync(cancel);
            while (await reader.ReadAsync(cancel)) read[Place(reader)]?.Inbox.Add(Message(reader));
        }
        else
        {
            for (var i = 0; i < read.Length; i++) read[i] = await ReadAsync(connection, leases[i], cancel);
        }
        return read;

        static int Place(DbDataReader reader) => (int)reader.GetInt64(reader.FieldCount - 1) - 1;
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

    private async Task<StoredRun?> ReadAsync(DbConnection connection, RunLease lease, CancellationToken cancel)
    {
        await using var command = Command(connection, readRun, lease, 0);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel)) return null;
        await reader.NextResultAsync(cancel);
        var rows = new List<JournalRow>();
        while (await reader.ReadAsync(cancel)) rows.Add(Entry(reader));
        await reader.NextResultAsync(cancel);
        return new StoredRun(rows, await MessagesAsync(reader, cancel));
    }

    private static JournalRow Entry(DbDataReader reader) => new(reader.GetInt64(0), (JournalKind)reader.GetInt32(1), reader.GetInt64(2), reader.GetString(3),
        reader.IsDBNull(4) ? null : reader.GetInt32(4), reader.IsDBNull(5) ? null : reader.GetInt64(5), Body.Read(reader, 6), reader.IsDBNull(7) ? null : reader.GetString(7));

    private static async Task<List<InboxMessage>> MessagesAsync(DbDataReader reader, CancellationToken cancel)
    {
        var messages = new List<InboxMessage>();
        while (await reader.ReadAsync(cancel)) messages.Add(Message(reader));
        return messages;
    }

    private static InboxMessage Message(DbDataReader reader) => new(reader.GetInt64(0), KindOf(reader.GetString(1)), reader.GetString(2), Body.Read(reader, 3),
        reader.IsDBNull(4) ? null : RunStates.TryParse(reader.GetString(4), out var state) ? state : null, JournalRows.Error(reader.IsDBNull(5) ? null : reader.GetString(5)));

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

/// <summary>What is stored of a run. Its entries are taken for what they mean one run at a time: what cannot be read of one must not keep others from going on.</summary>
internal sealed record StoredRun(List<JournalRow> Rows, List<InboxMessage> Inbox)
{
    public RunHistory ToHistory() => new([.. Rows.Select(row => JournalRows.ToEntry(row))], Inbox);
}
