using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Baton.Engine;

namespace Baton.Server.Workflows;

/// <summary>A journal entry as it stands in a row.</summary>
/// <param name="Body">UTF-8 JSON; empty for none.</param>
internal readonly record struct JournalRow(long Seq, JournalKind Kind, long AtMs, string Key, int? Attempt, long? TookMs, ReadOnlyMemory<byte> Body, string? Meta);

/// <summary>Stored numbers: never reused, never renumbered.</summary>
internal enum JournalKind
{
    RunStarted = 1,
    StepCompleted = 2,
    StepFailed = 3,
    TimerSet = 4,
    TimerFired = 5,
    ListeningStarted = 6,
    ListeningStopped = 7,
    EventReceived = 8,
    SignalReceived = 9,
    EventEmitted = 10,
    ChildStarted = 11,
    ChildEnded = 12,
    MapStarted = 13,
    StateChanged = 14,
    PolicyDecided = 15,
    ApprovalAsked = 16,
    ApprovalLapsed = 17,
    ApprovalSettled = 18,
    CompensationStarted = 19,
    Compensated = 20,
    RunRetried = 30,
    RunForked = 31,
}

/// <summary>What an entry says beside its columns. Only what its kind needs is set.</summary>
internal sealed record JournalMeta
{
    public EngineBehaviour? Behaviour { get; init; }
    public WorkflowError? Error { get; init; }
    public long? RetryAtMs { get; init; }
    public long? DueAtMs { get; init; }
    public IReadOnlyList<EventSubscription>? Subscriptions { get; init; }
    public string? Listener { get; init; }
    public string? Child { get; init; }
    public WorkflowRef? Workflow { get; init; }
    public bool? Detached { get; init; }
    public int? Count { get; init; }
    public string? State { get; init; }

    /// <summary>The first entry that a retry or a fork does not take as it is.</summary>
    public long? From { get; init; }

    /// <summary>The run that a fork was made of.</summary>
    public string? Source { get; init; }

    /// <summary>The number of the message that a signal was.</summary>
    public long? Message { get; init; }

    /// <summary>What an error policy decided.</summary>
    public DecisionMeta? Policy { get; init; }

    public ApprovalMeta? Approval { get; init; }

    /// <summary>Why a run is cancelled.</summary>
    public string? Reason { get; init; }

    /// <summary>What was undone.</summary>
    public string? Task { get; init; }

    /// <summary>What a step says of itself.</summary>
    public JsonElement? Step { get; init; }
}

/// <inheritdoc cref="PolicyDecision"/>
internal sealed record DecisionMeta(string Class, string Rule, string Move, string Reason, int Attempt, int? Option, long? DelayMs, WorkflowError? Error, IReadOnlyList<string>? Notify)
{
    public static DecisionMeta? Of(PolicyDecision? of) => of is null ? null
        : new(of.Class, of.Rule, of.Move.ToName(), of.Reason, of.Attempt, of.Option, (long?)of.Delay?.TotalMilliseconds, of.Error, of.Notify.Count == 0 ? null : of.Notify);

    public PolicyDecision ToDecision() => new(Class, Rule, PolicyMoves.Parse(Move), Reason, Attempt)
    {
        Option = Option, Delay = DelayMs is { } ms ? TimeSpan.FromMilliseconds(ms) : null, Error = Error, Notify = [.. Notify ?? []],
    };
}

/// <inheritdoc cref="Engine.Approval"/>
internal sealed record ApprovalMeta(string Id, string? Assignee, string? Title, string? Message, IReadOnlyList<string>? Choices, long? DeadlineMs);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JournalMeta))]
[JsonSerializable(typeof(WorkflowError))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class JournalJson : JsonSerializerContext;

internal static class JournalRows
{
    public static JournalRow ToRow(JournalEntry entry)
    {
        var (seq, at, key) = (entry.Seq, entry.At.ToUnixTimeMilliseconds(), entry.Key);
        return entry switch
        {
            JournalEntry.StepCompleted e => new(seq, JournalKind.StepCompleted, at, key, e.Attempt, Took(e.Started, e.At), e.Output, e.Meta.IsEmpty ? null : Meta(new() { Step = Element(e.Meta) })),
            JournalEntry.StepFailed e => new(seq, JournalKind.StepFailed, at, key, e.Attempt, Took(e.Started, e.At), default, Meta(new() { Error = e.Error, RetryAtMs = e.RetryAt?.ToUnixTimeMilliseconds(), Policy = DecisionMeta.Of(e.Decision) })),
            JournalEntry.RunStarted e => new(seq, JournalKind.RunStarted, at, key, null, null, e.Input, Meta(new() { Behaviour = e.Behaviour })),
            JournalEntry.TimerSet e => new(seq, JournalKind.TimerSet, at, key, null, null, default, Meta(new() { DueAtMs = e.Due.ToUnixTimeMilliseconds() })),
            JournalEntry.TimerFired => new(seq, JournalKind.TimerFired, at, key, null, null, default, null),
            JournalEntry.ListeningStarted e => new(seq, JournalKind.ListeningStarted, at, key, null, null, default, Meta(new() { Subscriptions = e.Subscriptions })),
            JournalEntry.ListeningStopped e => new(seq, JournalKind.ListeningStopped, at, key, null, null, default, Meta(new() { Listener = e.Listener })),
            JournalEntry.EventReceived e => new(seq, JournalKind.EventReceived, at, key, null, null, e.Event, null),
            JournalEntry.SignalReceived e => new(seq, JournalKind.SignalReceived, at, key, null, null, e.Payload, Meta(new() { Message = e.InboxNo })),
            JournalEntry.EventEmitted e => new(seq, JournalKind.EventEmitted, at, key, null, null, e.Event, null),
            JournalEntry.ChildStarted e => new(seq, JournalKind.ChildStarted, at, key, null, null, default, Meta(new() { Child = e.Child.ToString(), Workflow = e.Workflow, Detached = e.Detached })),
            JournalEntry.ChildEnded e => new(seq, JournalKind.ChildEnded, at, key, null, null, e.Output, Meta(new() { State = e.State.ToName(), Error = e.Error })),
            JournalEntry.MapStarted e => new(seq, JournalKind.MapStarted, at, key, null, null, default, Meta(new() { Count = e.Count })),
            JournalEntry.StateChanged e => new(seq, JournalKind.StateChanged, at, key, null, null, e.Output, Meta(new() { State = e.State.ToName(), Error = e.Error, Policy = DecisionMeta.Of(e.Decision) })),
            JournalEntry.PolicyDecided e => new(seq, JournalKind.PolicyDecided, at, key, e.Decision.Attempt, null, default, Meta(new() { Policy = DecisionMeta.Of(e.Decision) })),
            JournalEntry.ApprovalAsked { Approval: var asked } => new(seq, JournalKind.ApprovalAsked, at, key, null, null, asked.Data, Meta(new() { Approval = new(asked.Id, asked.Assignee, asked.Title, asked.Message, asked.Choices, asked.Deadline?.ToUnixTimeMilliseconds()) })),
            JournalEntry.ApprovalLapsed e => new(seq, JournalKind.ApprovalLapsed, at, key, null, null, default, Meta(new() { Approval = new(e.Approval, null, null, null, null, null) })),
            JournalEntry.ApprovalSettled e => new(seq, JournalKind.ApprovalSettled, at, key, null, null, e.Answer, Meta(new() { Message = e.InboxNo })),
            JournalEntry.CompensationStarted e => new(seq, JournalKind.CompensationStarted, at, key, null, null, default, Meta(new() { State = e.Ends.ToName(), Reason = e.Reason })),
            JournalEntry.Compensated e => new(seq, JournalKind.Compensated, at, key, null, null, default, Meta(new() { Task = e.Task, Error = e.Error })),
            JournalEntry.RunRetried e => new(seq, JournalKind.RunRetried, at, key, null, null, default, Meta(new() { From = e.From })),
            JournalEntry.RunForked e => new(seq, JournalKind.RunForked, at, key, null, null, default, Meta(new() { Source = e.Source.ToString(), From = e.From })),
            _ => throw new UnreachableException(),
        };
    }

    public static JournalEntry ToEntry(in JournalRow row)
    {
        var at = Time(row.AtMs);
        var meta = row.Meta is null ? null : JsonSerializer.Deserialize(row.Meta, JournalJson.Default.JournalMeta);
        return row.Kind switch
        {
            JournalKind.RunStarted => new JournalEntry.RunStarted(row.Seq, at, row.Body, meta!.Behaviour!.Value),
            JournalKind.StepCompleted => new JournalEntry.StepCompleted(row.Seq, at, row.Key, row.Body, Time(row.AtMs - row.TookMs!.Value), row.Attempt!.Value, meta?.Step is { } said ? Encoding.UTF8.GetBytes(said.GetRawText()) : default(ReadOnlyMemory<byte>)),
            JournalKind.StepFailed => new JournalEntry.StepFailed(row.Seq, at, row.Key, meta!.Error!, Time(row.AtMs - row.TookMs!.Value), row.Attempt!.Value, meta.RetryAtMs is { } ms ? Time(ms) : null) { Decision = meta.Policy?.ToDecision() },
            JournalKind.TimerSet => new JournalEntry.TimerSet(row.Seq, at, row.Key, Time(meta!.DueAtMs!.Value)),
            JournalKind.TimerFired => new JournalEntry.TimerFired(row.Seq, at, row.Key),
            JournalKind.ListeningStarted => new JournalEntry.ListeningStarted(row.Seq, at, row.Key, [.. meta!.Subscriptions!]),
            JournalKind.ListeningStopped => new JournalEntry.ListeningStopped(row.Seq, at, row.Key, meta!.Listener!),
            JournalKind.EventReceived => new JournalEntry.EventReceived(row.Seq, at, row.Key, row.Body, 0),
            JournalKind.SignalReceived => new JournalEntry.SignalReceived(row.Seq, at, row.Key, row.Body, meta?.Message ?? 0),
            JournalKind.EventEmitted => new JournalEntry.EventEmitted(row.Seq, at, row.Key, row.Body),
            JournalKind.ChildStarted => new JournalEntry.ChildStarted(row.Seq, at, row.Key, RunId.Parse(meta!.Child!, null), meta.Workflow!, default, meta.Detached!.Value),
            JournalKind.ChildEnded => new JournalEntry.ChildEnded(row.Seq, at, row.Key, RunStates.Parse(meta!.State!), row.Body, meta!.Error, 0),
            JournalKind.MapStarted => new JournalEntry.MapStarted(row.Seq, at, row.Key, meta!.Count!.Value),
            JournalKind.StateChanged => new JournalEntry.StateChanged(row.Seq, at, RunStates.Parse(meta!.State!), row.Body, meta!.Error) { Decision = meta.Policy?.ToDecision() },
            JournalKind.PolicyDecided => new JournalEntry.PolicyDecided(row.Seq, at, row.Key, meta!.Policy!.ToDecision()),
            JournalKind.ApprovalAsked => new JournalEntry.ApprovalAsked(row.Seq, at, row.Key, ToApproval(meta!.Approval!, row.Body)),
            JournalKind.ApprovalLapsed => new JournalEntry.ApprovalLapsed(row.Seq, at, row.Key, meta!.Approval!.Id),
            JournalKind.ApprovalSettled => new JournalEntry.ApprovalSettled(row.Seq, at, row.Key, row.Body, meta?.Message ?? 0),
            JournalKind.CompensationStarted => new JournalEntry.CompensationStarted(row.Seq, at, row.Key, RunStates.Parse(meta!.State!), meta.Reason),
            JournalKind.Compensated => new JournalEntry.Compensated(row.Seq, at, row.Key, meta!.Task!, meta.Error),
            JournalKind.RunRetried => new JournalEntry.RunRetried(row.Seq, at, meta!.From!.Value),
            JournalKind.RunForked => new JournalEntry.RunForked(row.Seq, at, RunId.Parse(meta!.Source!, null), meta.From!.Value),
            _ => throw new InvalidDataException($"The journal holds an entry of kind {(int)row.Kind}, which this version does not know: a newer Baton wrote it."),
        };
    }

    public static string Error(WorkflowError error) => JsonSerializer.Serialize(error, JournalJson.Default.WorkflowError);

    public static WorkflowError? Error(string? json) => json is null ? null : JsonSerializer.Deserialize(json, JournalJson.Default.WorkflowError);

    private static Approval ToApproval(ApprovalMeta of, ReadOnlyMemory<byte> data) =>
        new(of.Id, of.Assignee, of.Title!, of.Message, [.. of.Choices!], of.DeadlineMs is { } ms ? Time(ms) : null, data);

    private static string Meta(JournalMeta meta) => JsonSerializer.Serialize(meta, JournalJson.Default.JournalMeta);

    private static JsonElement Element(ReadOnlyMemory<byte> json) => JsonElement.Parse(json.Span);

    private static long Took(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, to.ToUnixTimeMilliseconds() - from.ToUnixTimeMilliseconds());

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
