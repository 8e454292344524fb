using Baton.Engine;
using Baton.Server.Storage;
using Dapper;

namespace Baton.Server.Workflows;

/// <summary>A run that this node has just taken.</summary>
/// <param name="IsOpen">It has begun already, where its workflow limits how many may.</param>
internal sealed record Claim(RunLease Lease, WorkflowRef Workflow, string? Request, string? Reason, bool IsOpen);

/// <summary>Runs as rows: started, claimed, called, and asked to change their state.</summary>
internal sealed class RunStore(Database database, RunWrites writes)
{
    private readonly RunSql sql = writes.Sql.Runs;

    private long NowMs => writes.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Stores a run; durable when the task completes. With an <paramref name="owner"/>, that node has it from the start.</summary>
    public ValueTask<StartResult> StartAsync(TenantId tenant, NewRun run, string? owner) => database.WriteAsync(new StartRunRequest(tenant, run, owner, writes));

    /// <summary>Takes up to <paramref name="most"/> queued runs.</summary>
    /// <param name="mostPerTenant">Most that a tenant may have running on all nodes; null for any number.</param>
    public ValueTask<List<Claim>> ClaimAsync(string node, int most, int? mostPerTenant = null) => database.WriteAsync(statements =>
    {
        var claims = new List<Claim>();
        if (mostPerTenant is not null && sql.LockClaims is not null) statements[sql.LockClaims].Query();
        var claim = statements[sql.Claim].Bind(1, node).Bind(2, NowMs).Bind(3, most).Bind(4, (long?)mostPerTenant);
        while (claim.Step()) claims.Add(Read(claim));
        return claims;
    });

    /// <summary>Goes on with what an earlier life of this node had, inside the writer's transaction; what is more than it has room for is queued.</summary>
    /// <param name="earlier">As which node it had them; null for whatever any node had.</param>
    /// <returns>What it goes on with, and how many were queued.</returns>
    public (List<Claim> Claims, int Queued) TakeBack(SqlStatements statements, string node, string? earlier, int most)
    {
        var (claims, last) = (new List<Claim>(), 0L);
        var take = statements[sql.TakeBack].Bind(1, node).Bind(2, NowMs).Bind(3, earlier).Bind(4, most);
        while (take.Step())
        {
            claims.Add(Read(take));
            last = Math.Max(last, take.Long(9));
        }
        return (claims, claims.Count < most ? 0 : Rescue(statements, earlier, last));
    }

    /// <summary>Lets a claimed run begin, or gives it back to wait for its turn.</summary>
    public ValueTask<TurnResult> TakeTurnAsync(Claim claim, ConcurrencyLimits limits, string key) => writes.CommitAsync((statements, notices) =>
        new Turns(statements, writes, notices, claim.Lease.Tenant, claim.Workflow.Namespace, claim.Workflow.Name, NowMs).Take(claim.Lease, limits, key));

    /// <summary>Queues the runs whose time has come.</summary>
    /// <returns>How many, and when the next is due.</returns>
    public ValueTask<(int Woken, DateTimeOffset? Next)> WakeAsync() => database.WriteAsync(statements =>
    {
        var woken = statements[sql.Wake].Bind(1, NowMs).Execute();
        var next = statements[sql.NextWake];
        next.Step();
        DateTimeOffset? at = next.IsNull(0) ? null : DateTimeOffset.FromUnixTimeMilliseconds(next.Long(0));
        next.Reset();
        return (woken, at);
    });

    /// <summary>Queues what a node that is gone had in memory, or any node, inside the writer's transaction.</summary>
    /// <returns>How many runs.</returns>
    public int Rescue(SqlStatements statements, string? node) => Rescue(statements, node, after: 0);

    private int Rescue(SqlStatements statements, string? node, long after) => statements[sql.Rescue].Bind(1, NowMs).Bind(2, node).Bind(3, after).Execute();

    /// <summary>Asks a run to pause or cancel.</summary>
    public ValueTask<ControlResult> RequestAsync(TenantId tenant, RunId run, string request, string? reason) =>
        ControlAsync(tenant, run, request, reason, statements => statements[sql.Request].Bind(1, tenant.Value).Bind(2, run.ToString()).Bind(3, request).Bind(4, reason).Bind(5, NowMs));

    /// <summary>Lets a paused run go on.</summary>
    public ValueTask<ControlResult> ResumeAsync(TenantId tenant, RunId run) =>
        ControlAsync(tenant, run, "resume", null, statements => statements[sql.Resume].Bind(1, tenant.Value).Bind(2, run.ToString()).Bind(3, NowMs));

    /// <summary>
    /// Pauses a run that its owner cannot even begin to execute, or ends it if that was asked: the reason stands in its row, its journal is left as it is.
    /// </summary>
    public async ValueTask HaltAsync(Claim claim, WorkflowError reason)
    {
        var (state, error) = claim.Request != "cancel" ? (RunState.Paused, reason)
            : (RunState.Cancelled, claim.Reason is null ? null : new WorkflowError(ErrorTypes.Runtime, 409, "Cancelled", claim.Reason));
        await writes.CommitAsync((statements, notices) =>
        {
            notices.Changed(claim.Lease.Run);
            Effects(statements, notices, claim.Lease.Tenant).SetState(claim.Lease, new JournalEntry.StateChanged(0, writes.Time.GetUtcNow(), state, default, error));
            return true;
        });
    }

    /// <summary>What is asked of a run and not done yet.</summary>
    public Task<(string? Request, string? Reason)> AskedAsync(RunLease lease) => database.ReadAsync(connection =>
        connection.QuerySingleAsync<(string?, string?)>(new CommandDefinition(sql.Asked, new { Tenant = lease.Tenant.Value, Id = lease.Run.ToString() })), CancellationToken.None);

    /// <summary>Puts a signal into a run's inbox; durable when the task completes.</summary>
    public ValueTask<ControlResult> SignalAsync(TenantId tenant, RunId run, string name, ReadOnlyMemory<byte> payload) => writes.CommitAsync((statements, notices) =>
    {
        var sent = Effects(statements, notices, tenant).Send(run, new InboxMessage(0, InboxKind.Signal, name, payload));
        return sent ? new ControlResult.Done(State(statements, tenant, run)!.Value) : Refused(statements, tenant, run, "signal");
    });

    /// <summary>Gives an event to the runs that listen and starts those that it triggers; durable when the task completes.</summary>
    /// <returns>How many runs it reached.</returns>
    public ValueTask<int> PublishAsync(TenantId tenant, CloudEvent published) => writes.CommitAsync((statements, notices) => Effects(statements, notices, tenant).Publish(published));

    private ValueTask<ControlResult> ControlAsync(TenantId tenant, RunId run, string verb, string? reason, Func<SqlStatements, SqlStatement> bound) => writes.CommitAsync((statements, notices) =>
    {
        var control = bound(statements);
        if (!control.Step()) return Refused(statements, tenant, run, verb);
        var (state, owner) = (RunStates.Parse(control.Text(0)), control.TextOrNull(1));
        control.Reset();
        notices.Changed(run);
        if (state == RunState.Queued) notices.Queued();
        else if (state == RunState.Running) notices.Called(run, owner, verb, reason);
        return new ControlResult.Done(state);
    });

    private static Claim Read(SqlStatement row) => new(
        new RunLease(new TenantId(row.Text(0)), RunId.Parse(row.Text(1), null), row.Long(2)), new WorkflowRef(row.Text(3), row.Text(4), row.Text(5)), row.TextOrNull(6), row.TextOrNull(7), IsOpen: !row.IsNull(8) && row.Long(8) == 2);

    private StoredEffects Effects(SqlStatements statements, Notices notices, TenantId tenant) => new(statements, writes, notices, tenant, NowMs);

    private ControlResult Refused(SqlStatements statements, TenantId tenant, RunId run, string verb) =>
        State(statements, tenant, run) is { } state ? new ControlResult.Refused(state, verb) : new ControlResult.UnknownRun();

    private RunState? State(SqlStatements statements, TenantId tenant, RunId run)
    {
        var find = statements[sql.StateOf].Bind(1, tenant.Value).Bind(2, run.ToString());
        if (!find.Step()) return null;
        var name = find.Text(0);
        find.Reset();
        return RunStates.Parse(name);
    }
}

/// <summary>What became of a request to signal, pause, resume or cancel a run.</summary>
internal abstract record ControlResult
{
    private ControlResult() { }

    public sealed record Done(RunState State) : ControlResult;

    /// <param name="State">The state in which <paramref name="Verb"/> is not possible.</param>
    public sealed record Refused(RunState State, string Verb) : ControlResult;

    public sealed record UnknownRun : ControlResult;
}
