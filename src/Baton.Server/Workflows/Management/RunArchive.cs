using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>Writes runs as lines and stores them again: nothing of a run is lost on the way, and no more than one run is in memory.</summary>
internal sealed class RunArchive(Database database, RunWrites writes, JournalStore journal, RunQueries queries)
{
    private const int Page = 200;

    private readonly ManagementSql sql = writes.Sql.Management;

    /// <summary>The runs that fit and have ended or are paused, the newest first.</summary>
    public async Task WriteAsync(TenantId tenant, RunFilter filter, Stream to, CancellationToken cancel)
    {
        for (var before = filter.Before; ;)
        {
            var page = await queries.FindAllAsync(tenant, filter with { Before = before, Limit = Page }, cancel);
            foreach (var row in page.Rows.Where(row => row.IsTerminal || row.State == "paused")) await WriteAsync(tenant, row, to, cancel);
            await to.FlushAsync(cancel);
            if (page.Next is null) return;
            before = page.Next;
        }
    }

    /// <remarks>The number of the row is this database's alone.</remarks>
    private async Task WriteAsync(TenantId tenant, RunRow row, Stream to, CancellationToken cancel)
    {
        await using var connection = await database.ReadAsync(cancel);
        var key = new { Tenant = tenant.Value, row.Id };
        var run = await connection.QuerySingleOrDefaultAsync<ArchivedRun>(new CommandDefinition(sql.Archived, key, cancellationToken: cancel));
        if (run is null || !(RunStates.Parse(run.State).IsTerminal() || run.State == "paused")) return;   // removed or resumed since it was found
        var lines = 0;
        await WriteAsync(new ArchiveLine("run") { Run = run with { No = 0 } }, to, cancel);
        await foreach (var entry in journal.ReadRowsAsync(connection, tenant, run.No, after: -1, limit: int.MaxValue, cancel))
        {
            lines++;
            await WriteAsync(ArchiveLine.WithBody(new ArchiveLine("entry") { Entry = new ArchivedEntry(entry.Seq, entry.Kind, entry.AtMs, entry.Key, entry.Attempt, entry.TookMs, entry.Meta) }, entry.Body), to, cancel);
        }
        foreach (var message in await journal.ReadInboxAsync(connection, tenant, run.No, 0, cancel))
        {
            lines++;
            var line = new ArchivedMessage(message.No, StoredEffects.KindOf(message.Kind), message.Name, message.ChildState?.ToName(), message.ChildError is null ? null : JournalRows.Error(message.ChildError));
            await WriteAsync(ArchiveLine.WithBody(new ArchiveLine("message") { Message = line }, message.Body), to, cancel);
        }
        foreach (var (at, position, type, source) in await connection.QueryAsync<(string, long, string?, string?)>(new CommandDefinition(sql.ListenersOf, new { Tenant = tenant.Value, run.No }, cancellationToken: cancel)))
        {
            lines++;
            await WriteAsync(new ArchiveLine("listener") { Listener = new ArchivedListener(at, position, type, source) }, to, cancel);
        }
        var after = await connection.QuerySingleOrDefaultAsync<ArchivedRun>(new CommandDefinition(sql.Archived, key, cancellationToken: cancel));
        await WriteAsync(new ArchiveLine("end") { Lines = after == run ? lines : null }, to, cancel);
    }

    /// <summary>Stores a run whole, unless there is one of its id.</summary>
    /// <returns>False when it was there.</returns>
    public ValueTask<bool> StoreAsync(TenantId tenant, ArchivedRun run, IReadOnlyList<ArchiveLine> lines) => database.WriteAsync(statements =>
    {
        var find = statements[sql.Exists].Bind(1, tenant.Value).Bind(2, run.Id);
        if (find.Step())
        {
            find.Reset();
            return false;
        }
        var no = Insert(statements, tenant, run);
        foreach (var line in lines) Insert(statements, tenant, no, line);
        return true;
    });

    private long Insert(SqlStatements statements, TenantId tenant, ArchivedRun run)
    {
        var insert = statements[sql.Import].Bind(1, tenant.Value).Bind(2, run.Id).Bind(3, run.Namespace).Bind(4, run.Workflow).Bind(5, run.Version).Bind(6, run.State).Bind(7, run.Priority).Bind(8, run.Labels)
            .Bind(9, run.ParentId).Bind(10, run.ParentKey).Bind(11, run.Fencing).Bind(12, run.Request).Bind(13, run.RequestReason).Bind(14, run.InboxNo).Bind(15, run.Error).Bind(16, run.CreatedAtMs)
            .Bind(17, run.StartedAtMs).Bind(18, run.UpdatedAtMs).Bind(19, run.EndedAtMs).Bind(20, run.ForkedFrom).Bind(21, run.ForkedSeq);
        insert.Step();
        var no = insert.Long(0);
        insert.Reset();
        RunLabels.Add(statements, writes.Sql.Runs, tenant, no, RunLabels.Read(run.Labels));
        return no;
    }

    private void Insert(SqlStatements statements, TenantId tenant, long no, ArchiveLine line)
    {
        if (line.Entry is { } entry)
        {
            var add = statements[sql.ImportEntry].Bind(1, tenant.Value).Bind(2, no).Bind(3, entry.Seq).Bind(4, (long)entry.Kind).Bind(5, entry.AtMs).Bind(6, entry.Key).Bind(7, (long?)entry.Attempt).Bind(8, entry.TookMs);
            Body.Bind(statements, writes.Sql.Journal, tenant, line.Bytes, add, 9);
            add.Bind(11, entry.Meta).Execute();
        }
        else if (line.Message is { } message)
        {
            var add = statements[writes.Sql.Journal.AddMessage].Bind(1, tenant.Value).Bind(2, no).Bind(3, message.No).Bind(4, message.Kind).Bind(5, message.Name);
            Body.Bind(statements, writes.Sql.Journal, tenant, line.Bytes, add, 6);
            add.Bind(8, message.ChildState).Bind(9, message.ChildError).Execute();
        }
        else if (line.Listener is { } listener)
        {
            statements[writes.Sql.Journal.AddListener].Bind(1, tenant.Value).Bind(2, no).Bind(3, listener.Key).Bind(4, listener.Position).Bind(5, listener.EventType).Bind(6, listener.EventSource).Execute();
        }
    }

    private static async Task WriteAsync(ArchiveLine line, Stream to, CancellationToken cancel)
    {
        await JsonSerializer.SerializeAsync(to, line, (System.Text.Json.Serialization.Metadata.JsonTypeInfo<ArchiveLine>)ArchiveLine.Json.GetTypeInfo(typeof(ArchiveLine)), cancel);
        await to.WriteAsync("\n"u8.ToArray(), cancel);
    }
}
