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

    /// <summary>The number of the message that a signal was.</summary>
    public long? Message { get; init; }

    /// <summary>What a step says of itself.</summary>
    public JsonElement? Step { get; init; }
}

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
            JournalEntry.StepFailed e => new(seq, JournalKind.StepFailed, at, key, e.Attempt, Took(e.Started, e.At), default, Meta(new() { Error = e.Error, RetryAtMs = e.RetryAt?.ToUnixTimeMilliseconds() })),
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
            JournalEntry.StateChanged e => new(seq, JournalKind.StateChanged, at, key, null, null, e.Output, Meta(new() { State = e.State.ToName(), Error = e.Error })),
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
            JournalKind.StepFailed => new JournalEntry.StepFailed(row.Seq, at, row.Key, meta!.Error!, Time(row.AtMs - row.TookMs!.Value), row.Attempt!.Value, meta.RetryAtMs is { } ms ? Time(ms) : null),
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
            JournalKind.StateChanged => new JournalEntry.StateChanged(row.Seq, at, RunStates.Parse(meta!.State!), row.Body, meta!.Error),
            _ => throw new InvalidDataException($"The journal holds an entry of kind {(int)row.Kind}, which this version does not know: a newer Baton wrote it."),
        };
    }

    public static string Error(WorkflowError error) => JsonSerializer.Serialize(error, JournalJson.Default.WorkflowError);

    public static WorkflowError? Error(string? json) => json is null ? null : JsonSerializer.Deserialize(json, JournalJson.Default.WorkflowError);

    private static string Meta(JournalMeta meta) => JsonSerializer.Serialize(meta, JournalJson.Default.JournalMeta);

    private static JsonElement Element(ReadOnlyMemory<byte> json) => JsonElement.Parse(json.Span);

    private static long Took(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, to.ToUnixTimeMilliseconds() - from.ToUnixTimeMilliseconds());

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
