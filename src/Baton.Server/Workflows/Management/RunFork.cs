using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>A run to be made of another one's beginning.</summary>
/// <param name="From">The position of the first entry that is not taken over.</param>
/// <param name="Step">The step at which it begins, where no position is given.</param>
/// <param name="Version">Another version of the workflow; null for the same.</param>
/// <param name="Input">Another input; null for the same.</param>
/// <param name="Labels">Other labels; null for the same.</param>
internal sealed record ForkToMake(RunId Id, RunId Source, long? From, string? Step, string? Version, ReadOnlyMemory<byte>? Input, IReadOnlyDictionary<string, string>? Labels);

/// <summary>Makes a run whose journal begins as another one's: a copy of its rows, in one transaction.</summary>
internal sealed class RunFork(SqlStatements statements, RunWrites writes, Notices notices, TenantId tenant)
{
    private readonly ManagementSql sql = writes.Sql.Management;
    private readonly long nowMs = writes.Time.GetUtcNow().ToUnixTimeMilliseconds();

    public ForkResult Make(ForkToMake fork)
    {
        if (LockedRun.Find(statements, sql, tenant, fork.Source) is not { } source) return new ForkResult.UnknownRun();
        if (Position(source.No, fork) is not { } from) return new ForkResult.UnknownStep();
        var no = Insert(fork, source, from);
        var copied = fork.Input is { } input ? First(source.No, no, input) : 0;
        statements[sql.CopyEntries].Bind(1, tenant.Value).Bind(2, source.No).Bind(3, no).Bind(4, copied).Bind(5, from).Execute();
        var turns = RunTurns.Read(statements, sql, tenant, no, from);
        // A child that the source awaits tells the source of its end: the fork starts one of its own.
        foreach (var (seq, _, _) in turns.AwaitedChildren(from)) statements[sql.RemoveEntry].Bind(1, tenant.Value).Bind(2, no).Bind(3, seq).Execute();
        var effects = new StoredEffects(statements, writes, notices, tenant, nowMs);
        foreach (var (key, subscriptions) in turns.OpenListeners()) effects.Listen(no, key, subscriptions);
        effects.Record(no, new JournalEntry.RunForked(from, DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(nowMs, LastTime(no))), fork.Source, from));
        notices.Queued();
        return new ForkResult.Forked();
    }

    private long? Position(long source, ForkToMake fork)
    {
        var last = statements[sql.LastEntry].Bind(1, tenant.Value).Bind(2, source);
        if (!last.Step()) return null;
        var end = last.Long(0);
        last.Reset();
        if (fork.From is { } from) return from >= 1 && from <= end ? from : null;
        var find = statements[sql.FindStep].Bind(1, tenant.Value).Bind(2, source).Bind(3, fork.Step);
        find.Step();
        var found = find.LongOrNull(0);
        find.Reset();
        return found;
    }

    private long Insert(ForkToMake fork, LockedRun source, long from)
    {
        var labels = fork.Labels ?? RunLabels.Read(source.Labels);
        var insert = statements[sql.InsertFork].Bind(1, tenant.Value).Bind(2, fork.Id.ToString()).Bind(3, source.Namespace).Bind(4, source.Workflow).Bind(5, fork.Version ?? source.Version)
            .Bind(6, source.Priority).Bind(7, RunLabels.ToJson(labels)).Bind(8, fork.Source.ToString()).Bind(9, from).Bind(10, nowMs);
        insert.Step();
        var no = insert.Long(0);
        insert.Reset();
        RunLabels.Add(statements, writes.Sql.Runs, tenant, no, labels);
        return no;
    }

    /// <summary>The first entry with another input: the behaviour of the engine is that of the source.</summary>
    /// <returns>The first position that is left to copy.</returns>
    private long First(long source, long no, ReadOnlyMemory<byte> input)
    {
        var find = statements[sql.FirstMeta].Bind(1, tenant.Value).Bind(2, source);
        find.Step();
        var (meta, atMs) = (find.TextOrNull(0), find.Long(1));
        find.Reset();
        var append = statements[writes.Sql.Journal.AppendFirst].Bind(1, tenant.Value).Bind(2, no).Bind(3, (long)JournalKind.RunStarted).Bind(4, atMs);
        Body.Bind(statements, writes.Sql.Journal, tenant, input, append, 5);
        append.Bind(7, meta).Execute();
        return 1;
    }

    private long LastTime(long no)
    {
        var last = statements[sql.LastEntry].Bind(1, tenant.Value).Bind(2, no);
        last.Step();
        var at = last.Long(1);
        last.Reset();
        return at;
    }
}

/// <summary>What became of a request to fork a run.</summary>
internal abstract record ForkResult
{
    private ForkResult() { }

    public sealed record Forked : ForkResult;

    public sealed record UnknownRun : ForkResult;

    /// <summary>No entry stands at that position, or below that step.</summary>
    public sealed record UnknownStep : ForkResult;
}
