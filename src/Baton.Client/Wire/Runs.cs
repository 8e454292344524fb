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
/// <param name="Priority">-100 to 100, higher first; default 0.</param>
public sealed record StartRun(string Workflow, JsonElement? Input = null, IReadOnlyDictionary<string, string>? Labels = null, int Priority = 0);

/// <summary>A run as it stands now.</summary>
/// <param name="State">queued, running, waiting, paused, completed, failed or cancelled.</param>
/// <param name="WakeAt">When a waiting run goes on by itself.</param>
/// <param name="Error">Why it failed, was paused or was cancelled.</param>
public sealed record RunView(
    string Id, string Namespace, string Workflow, string Version, string State, int Priority, IReadOnlyDictionary<string, string> Labels, string? ParentId,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt, DateTimeOffset? WakeAt, ErrorView? Error, ProgressView? Progress = null)
{
    /// <summary>True when the run will never change again.</summary>
    [JsonIgnore]
    public bool IsTerminal => State is "completed" or "failed" or "cancelled";
}

/// <summary>How far a run has come.</summary>
/// <param name="StepsCompleted">Steps and map items with a recorded result.</param>
/// <param name="ItemsTotal">Items of all maps that were begun; null when there is no map.</param>
public sealed record ProgressView(long StepsCompleted, long StepsFailed, long? ItemsDone, long? ItemsTotal);

/// <summary>What went wrong, as problem details (RFC 9457) with the place in the workflow and the error class.</summary>
public sealed record ErrorView(string Type, int Status, string Title, string? Detail, string? Instance, string? Class);

/// <summary>A page of a list.</summary>
/// <param name="NextCursor">Give it back as <c>cursor</c> for the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>What a run came to.</summary>
/// <param name="Output">When it is completed.</param>
public sealed record RunResult(string Id, string State, JsonElement? Output, ErrorView? Error);

/// <summary>One recorded fact of a run.</summary>
/// <param name="Kind">run_started, step_completed, step_failed, timer_set, timer_fired, listening_started, listening_stopped, event_received, signal_received, event_emitted, child_started, child_ended, map_started, state_changed, policy_decided, approval_asked, approval_lapsed, approval_settled, compensation_started or compensated.</param>
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
