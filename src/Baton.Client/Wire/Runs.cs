using System.Text.Json;
using System.Text.Json.Serialization;

namespace Baton.Client;

/// <summary>Names a workflow: the newest version, unless one is given.</summary>
/// <param name="Namespace">Default "default".</param>
public sealed record WorkflowName(string Namespace, string Name, string? Version = null)
{
    /// <summary>Reads <c>name</c>, <c>namespace/name</c>, and either with <c>@version</c>.</summary>
    public static WorkflowName Parse(string text)
    {
        var at = text.LastIndexOf('@');
        var (name, version) = at > 0 ? (text[..at], text[(at + 1)..]) : (text, null);
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash > 0 ? new WorkflowName(name[..slash], name[(slash + 1)..], version) : new WorkflowName("default", name, version);
    }

    public override string ToString() => Version is null ? $"{Namespace}/{Name}" : $"{Namespace}/{Name}@{Version}";
}

/// <summary>A run to start.</summary>
/// <param name="Workflow"><c>name</c>, <c>namespace/name</c>, either with <c>@version</c>; the newest version otherwise.</param>
/// <param name="Input">Any JSON; null when absent.</param>
/// <param name="Labels">Up to 20, names of 1 to 63 characters, values up to 200.</param>
/// <param name="Priority">-100 to 100, higher first; the workflow's own when absent, which is 0 unless it says otherwise.</param>
public sealed record StartRun(string Workflow, JsonElement? Input = null, IReadOnlyDictionary<string, string>? Labels = null, int? Priority = null);

/// <summary>A run as it stands now.</summary>
/// <param name="State">queued, running, waiting, paused, completed, failed or cancelled.</param>
/// <param name="WakeAt">When a waiting run goes on by itself.</param>
/// <param name="Error">Why it failed, was paused or was cancelled.</param>
/// <param name="Fork">The run that its journal begins with, for one that was forked. Its own forks: list with <c>forked_from</c>.</param>
/// <param name="Tree">What a request to steer the whole tree did below it.</param>
/// <param name="Turn">What it waits for before its first step, where too many runs of its workflow are open.</param>
public sealed record RunView(
    string Id, string Namespace, string Workflow, string Version, string State, int Priority, IReadOnlyDictionary<string, string> Labels, string? ParentId,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt, DateTimeOffset? WakeAt, ErrorView? Error, ProgressView? Progress = null, ForkView? Fork = null, TreeView? Tree = null, TurnView? Turn = null)
{
    /// <summary>True when the run will never change again.</summary>
    [JsonIgnore]
    public bool IsTerminal => State is "completed" or "failed" or "cancelled";
}

/// <summary>How far a run has come.</summary>
/// <param name="StepsCompleted">Steps and map items with a recorded result.</param>
/// <param name="ItemsTotal">Items of all maps that were begun; null when there is no map.</param>
/// <param name="Percent">0 to 100, by the tasks of its document and the items of its maps; each task counts alike, whatever it takes. Null where there is neither.</param>
/// <param name="Phase">The task of the document, or the map, that it is in.</param>
public sealed record ProgressView(long StepsCompleted, long StepsFailed, long? ItemsDone, long? ItemsTotal, double? Percent = null, string? Phase = null);

/// <summary>Why a run waits for its turn.</summary>
/// <param name="Key">Runs with this key are counted for <paramref name="LimitPerKey"/>; null where none is read.</param>
/// <param name="Limit">How many runs of the workflow may be open at once; null for any number.</param>
public sealed record TurnView(string? Key, int? Limit, int? LimitPerKey);

/// <summary>Where a forked run comes from.</summary>
/// <param name="From">Entries before this position are copies.</param>
public sealed record ForkView(string Source, long From);

/// <summary>What went wrong, as problem details (RFC 9457) with the place in the workflow and the error class.</summary>
public sealed record ErrorView(string Type, int Status, string Title, string? Detail, string? Instance, string? Class);

/// <summary>A page of a list.</summary>
/// <param name="NextCursor">Give it back as <c>cursor</c> for the next page; null on the last.</param>
/// <param name="Total">How many there are on all pages, where that was asked for.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor, long? Total = null);

/// <summary>What a run came to.</summary>
/// <param name="Output">When it is completed.</param>
public sealed record RunResult(string Id, string State, JsonElement? Output, ErrorView? Error);

/// <summary>One recorded fact of a run.</summary>
/// <param name="Kind">run_started, step_completed, step_failed, timer_set, timer_fired, listening_started, listening_stopped, event_received, signal_received, event_emitted, child_started, child_ended, map_started, state_changed, policy_decided, approval_asked, approval_lapsed, approval_settled, compensation_started, compensated, run_retried or run_forked.</param>
/// <param name="Key">The step; empty for facts of the whole run.</param>
/// <param name="Body">Input, output or event, as its kind has one.</param>
/// <param name="Meta">What else the kind says: an error, a due time, a child's id, a model call's tokens.</param>
public sealed record JournalEntryView(long Seq, DateTimeOffset At, string Kind, string Key, int? Attempt, long? TookMs, JsonElement? Body, JsonElement? Meta);

/// <summary>An attempt at a step begins. Not recorded: a stream that is resumed does not repeat it.</summary>
public sealed record StepStartedView(string Key, string Label, int Attempt, DateTimeOffset At);

/// <summary>One event of a run's stream.</summary>
/// <param name="Id">Resume after it; null for what is not recorded.</param>
/// <param name="Entry">For "entry".</param>
/// <param name="Step">For "step_started".</param>
/// <param name="Run">For "state": the run as it stands.</param>
public sealed record RunEvent(string Type, string? Id, JournalEntryView? Entry, StepStartedView? Step, RunView? Run);

/// <summary>Why a run is to be paused or cancelled.</summary>
public sealed record ControlRequest(string? Reason);

/// <summary>What came of publishing an event.</summary>
/// <param name="Reached">Runs that were given the event or started by it.</param>
public sealed record EventReceipt(string Id, int Reached);

/// <summary>A retry of a run that failed or was cancelled.</summary>
/// <param name="From">The position of the entry from which on failures are performed again; null for where the failure that ended the run begins.</param>
public sealed record RetryRequest(long? From = null);

/// <summary>A run to be made of another one's beginning.</summary>
/// <param name="From">The position of the first entry that is not taken over, or the key of the step, or the name of the task.</param>
/// <param name="Input">Another input; absent for the same.</param>
/// <param name="Version">Another version of the workflow; null for the same.</param>
/// <param name="Labels">Other labels; null for the same.</param>
public sealed record ForkRequest(JsonElement From, JsonElement? Input = null, string? Version = null, IReadOnlyDictionary<string, string>? Labels = null);

/// <summary>What a request did below a run.</summary>
/// <param name="Reached">Runs at any depth that it was done to.</param>
/// <param name="Refused">The first 100 that it could not be done to.</param>
public sealed record TreeView(int Reached, IReadOnlyList<RefusalView> Refused);

/// <summary>A run to which something was not done, and why.</summary>
public sealed record RefusalView(string Id, string Reason);

/// <summary>Something to be done to all runs that a filter finds.</summary>
/// <param name="Action">cancel, pause, resume, retry, delete or signal.</param>
/// <param name="Filter">As in a list: state, workflow, label, parent, forked_from, created_after, created_before, ended_before, text. At least one.</param>
/// <param name="DryRun">True to find and count only.</param>
/// <param name="Limit">Most runs in one request, 1 to 10,000; default 1,000.</param>
/// <param name="Cursor">The next_cursor of the answer before.</param>
/// <param name="Reason">Kept with the runs that are cancelled or paused.</param>
/// <param name="Signal">The name of the signal to be sent.</param>
/// <param name="Payload">What the signal carries.</param>
public sealed record BulkRequest(
    string Action, IReadOnlyDictionary<string, string> Filter, bool DryRun = false, int? Limit = null, string? Cursor = null, string? Reason = null, string? Signal = null, JsonElement? Payload = null);

/// <summary>What came of a request to many runs.</summary>
/// <param name="Matched">Runs that the filter found.</param>
/// <param name="Done">Runs that it was done to.</param>
/// <param name="Refused">Runs that it could not be done to; <paramref name="Refusals"/> lists the first 100.</param>
/// <param name="NextCursor">Give it back as <c>cursor</c> to go on; null when all were looked at.</param>
public sealed record BulkView(string Action, bool DryRun, int Matched, int Done, int Refused, IReadOnlyList<RefusalView> Refusals, string? NextCursor);

/// <summary>Something that went wrong in a run.</summary>
/// <param name="Kind">step_failed, child_ended, state_changed, or run_retried: failures before it, from <paramref name="RetriedFrom"/> on, were performed again.</param>
/// <param name="Step">The step's key; empty for the run itself.</param>
/// <param name="RetryAt">When the next attempt follows; null when the failure is the step's outcome.</param>
public sealed record RunErrorView(long Seq, DateTimeOffset At, string Kind, string Step, string? Class, string? Message, int? Attempt, DateTimeOffset? RetryAt, ErrorView? Error, long? RetriedFrom);

/// <summary>How many runs there are, how many came to what, and how long they took.</summary>
/// <param name="CompletionRate">Completed runs of all, 0 to 1; null when there are none.</param>
/// <param name="AvgDurationMinutes">From start to end, over completed runs; null when there are none.</param>
/// <param name="Groups">The same by workflow, and by period where that was asked for.</param>
public sealed record StatisticsView(
    long Total, long Queued, long Running, long Waiting, long Paused, long Completed, long Failed, long Cancelled, double? CompletionRate, double? AvgDurationMinutes, IReadOnlyList<StatisticsGroup> Groups);

/// <param name="Period">When the period begins; null where none was asked for.</param>
public sealed record StatisticsGroup(
    string Namespace, string Workflow, DateTimeOffset? Period, long Total, long Queued, long Running, long Waiting, long Paused, long Completed, long Failed, long Cancelled, double? CompletionRate, double? AvgDurationMinutes);

/// <summary>What came of importing an archive.</summary>
/// <param name="Imported">Runs that were stored.</param>
/// <param name="Skipped">Runs that were there already.</param>
public sealed record ImportView(int Imported, int Skipped);
