using System.Text.Json;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>The entries of a journal at which a run may take another turn: failures, children, listeners, retries. Without bodies: few bytes each.</summary>
internal sealed class RunTurns
{
    private readonly List<Turn> turns = [];

    private sealed record Turn(long Seq, JournalKind Kind, string Key, JournalMeta Meta);

    /// <summary>Entries before a position.</summary>
    public static RunTurns Read(SqlStatements statements, ManagementSql sql, TenantId tenant, long runNo, long before)
    {
        var read = new RunTurns();
        var rows = statements[sql.Turns].Bind(1, tenant.Value).Bind(2, runNo).Bind(3, before);
        while (rows.Step())
        {
            var meta = rows.TextOrNull(3) is { Length: > 0 } json ? JsonSerializer.Deserialize(json, JournalJson.Default.JournalMeta)! : new JournalMeta();
            read.turns.Add(new Turn(rows.Long(0), (JournalKind)rows.Long(1), rows.Text(2), meta));
        }
        return read;
    }

    /// <summary>Where the failure that ended a run begins: the first that counts and says what the run's error says. Null when no step failed so.</summary>
    /// <remarks>A workflow that passes an error on may give it another place, never another text.</remarks>
    public long? FailureOf(WorkflowError? error) => error is null ? null : turns.FirstOrDefault(turn => IsFailure(turn) && !IsVoid(turn) && turn.Meta.Error is { } one && one with { Instance = null } == error with { Instance = null })?.Seq;

    /// <summary>Children that the run awaits: whose end is not recorded, or counts no longer.</summary>
    /// <param name="from">What failed from there on is to count no longer.</param>
    public List<(long Seq, string Key, RunId Child)> AwaitedChildren(long from)
    {
        var ended = turns.Where(turn => turn.Kind == JournalKind.ChildEnded && !IsVoid(turn) && !(IsFailure(turn) && turn.Seq >= from)).Select(turn => turn.Key).ToHashSet(StringComparer.Ordinal);
        return [.. turns.Where(turn => turn is { Kind: JournalKind.ChildStarted, Meta.Detached: false } && !ended.Contains(turn.Key)).Select(turn => (turn.Seq, turn.Key, RunId.Parse(turn.Meta.Child!, null)))];
    }

    /// <summary>What the run still listened for.</summary>
    public List<(string Key, IReadOnlyList<EventSubscription> Subscriptions)> OpenListeners()
    {
        var stopped = turns.Where(turn => turn.Kind == JournalKind.ListeningStopped).Select(turn => turn.Meta.Listener!).ToHashSet(StringComparer.Ordinal);
        return [.. turns.Where(turn => turn.Kind == JournalKind.ListeningStarted && !stopped.Contains(turn.Key)).DistinctBy(turn => turn.Key, StringComparer.Ordinal).Select(turn => (turn.Key, turn.Meta.Subscriptions!))];
    }

    private bool IsVoid(Turn turn) => turns.Exists(retry => retry.Kind == JournalKind.RunRetried && retry.Meta.From <= turn.Seq && turn.Seq < retry.Seq);

    private static bool IsFailure(Turn turn) => turn is { Kind: JournalKind.StepFailed, Meta.RetryAtMs: null } or { Kind: JournalKind.ChildEnded, Meta.State: not "completed" };
}
