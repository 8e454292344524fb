using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Baton.Engine.Tests.Support;

/// <summary>A run's journal as a file, so that what one version recorded can be replayed by every later one.</summary>
internal static class HistoryFile
{
    public static JsonArray Write(IEnumerable<JournalEntry> entries) => new([.. entries.Select(Write)]);

    public static List<JournalEntry> Read(JsonArray entries) => [.. entries.Select(entry => Read(entry!.AsObject()))];

    private static JsonNode Write(JournalEntry entry)
    {
        var row = new JsonObject { ["kind"] = entry.GetType().Name, ["seq"] = entry.Seq, ["at"] = entry.At, ["key"] = entry.Key };
        switch (entry)
        {
            case JournalEntry.RunStarted e: (row["body"], row["behaviour"]) = (Body(e.Input), (int)e.Behaviour); break;
            case JournalEntry.StepCompleted e: (row["body"], row["started"], row["attempt"]) = (Body(e.Output), e.Started, e.Attempt); break;
            case JournalEntry.StepFailed e: (row["error"], row["started"], row["attempt"], row["retry_at"], row["decision"]) = (Json(e.Error), e.Started, e.Attempt, e.RetryAt, Decision(e.Decision)); break;
            case JournalEntry.PolicyDecided e: row["decision"] = Decision(e.Decision); break;
            case JournalEntry.ApprovalAsked e: (row["approval"], row["title"], row["assignee"], row["choices"], row["due"], row["body"]) = (e.Approval.Id, e.Approval.Title, e.Approval.Assignee, Json(e.Approval.Choices.ToArray()), e.Approval.Deadline, Body(e.Approval.Data)); break;
            case JournalEntry.ApprovalLapsed e: row["approval"] = e.Approval; break;
            case JournalEntry.ApprovalSettled e: row["body"] = Body(e.Answer); break;
            case JournalEntry.CompensationStarted e: (row["state"], row["reason"]) = (e.Ends.ToName(), e.Reason); break;
            case JournalEntry.Compensated e: (row["task"], row["error"]) = (e.Task, Json(e.Error)); break;
            case JournalEntry.TimerSet e: row["due"] = e.Due; break;
            case JournalEntry.ListeningStarted e: row["subscriptions"] = Json(e.Subscriptions.ToArray()); break;
            case JournalEntry.ListeningStopped e: row["listener"] = e.Listener; break;
            case JournalEntry.EventReceived e: row["body"] = Body(e.Event); break;
            case JournalEntry.SignalReceived e: row["body"] = Body(e.Payload); break;
            case JournalEntry.EventEmitted e: row["body"] = Body(e.Event); break;
            case JournalEntry.ChildStarted e: (row["child"], row["workflow"], row["detached"]) = (e.Child.ToString(), Json(e.Workflow), e.Detached); break;
            case JournalEntry.ChildEnded e: (row["state"], row["body"], row["error"]) = (e.State.ToName(), Body(e.Output), Json(e.Error)); break;
            case JournalEntry.MapStarted e: row["count"] = e.Count; break;
            case JournalEntry.RunRetried e: row["from"] = e.From; break;
            case JournalEntry.StateChanged e: (row["state"], row["body"], row["error"]) = (e.State.ToName(), Body(e.Output), Json(e.Error)); break;
        }
        return row;
    }

    private static JournalEntry Read(JsonObject row)
    {
        var (seq, at, key) = (row["seq"]!.GetValue<long>(), row["at"]!.GetValue<DateTimeOffset>(), row["key"]!.GetValue<string>());
        return row["kind"]!.GetValue<string>() switch
        {
            nameof(JournalEntry.RunStarted) => new JournalEntry.RunStarted(seq, at, Bytes(row), (EngineBehaviour)row["behaviour"]!.GetValue<int>()),
            nameof(JournalEntry.StepCompleted) => new JournalEntry.StepCompleted(seq, at, key, Bytes(row), row["started"]!.GetValue<DateTimeOffset>(), row["attempt"]!.GetValue<int>(), default),
            nameof(JournalEntry.StepFailed) => new JournalEntry.StepFailed(seq, at, key, row["error"].Deserialize<WorkflowError>()!, row["started"]!.GetValue<DateTimeOffset>(), row["attempt"]!.GetValue<int>(), row["retry_at"]?.GetValue<DateTimeOffset>()) { Decision = row["decision"] is { } decided ? Decision(decided) : null },
            nameof(JournalEntry.PolicyDecided) => new JournalEntry.PolicyDecided(seq, at, key, Decision(row["decision"]!)),
            nameof(JournalEntry.ApprovalAsked) => new JournalEntry.ApprovalAsked(seq, at, key, new Approval(row["approval"]!.GetValue<string>(), row["assignee"]?.GetValue<string>(), row["title"]!.GetValue<string>(), null, [.. row["choices"].Deserialize<string[]>()!], row["due"]?.GetValue<DateTimeOffset>(), Bytes(row))),
            nameof(JournalEntry.ApprovalLapsed) => new JournalEntry.ApprovalLapsed(seq, at, key, row["approval"]!.GetValue<string>()),
            nameof(JournalEntry.ApprovalSettled) => new JournalEntry.ApprovalSettled(seq, at, key, Bytes(row), 0),
            nameof(JournalEntry.CompensationStarted) => new JournalEntry.CompensationStarted(seq, at, key, State(row), row["reason"]?.GetValue<string>()),
            nameof(JournalEntry.Compensated) => new JournalEntry.Compensated(seq, at, key, row["task"]!.GetValue<string>(), row["error"]?.Deserialize<WorkflowError>()),
            nameof(JournalEntry.TimerSet) => new JournalEntry.TimerSet(seq, at, key, row["due"]!.GetValue<DateTimeOffset>()),
            nameof(JournalEntry.TimerFired) => new JournalEntry.TimerFired(seq, at, key),
            nameof(JournalEntry.ListeningStarted) => new JournalEntry.ListeningStarted(seq, at, key, [.. row["subscriptions"].Deserialize<EventSubscription[]>()!]),
            nameof(JournalEntry.ListeningStopped) => new JournalEntry.ListeningStopped(seq, at, key, row["listener"]!.GetValue<string>()),
            nameof(JournalEntry.EventReceived) => new JournalEntry.EventReceived(seq, at, key, Bytes(row), 0),
            nameof(JournalEntry.SignalReceived) => new JournalEntry.SignalReceived(seq, at, key, Bytes(row), 0),
            nameof(JournalEntry.EventEmitted) => new JournalEntry.EventEmitted(seq, at, key, Bytes(row)),
            nameof(JournalEntry.ChildStarted) => new JournalEntry.ChildStarted(seq, at, key, RunId.Parse(row["child"]!.GetValue<string>(), null), row["workflow"].Deserialize<WorkflowRef>()!, default, row["detached"]!.GetValue<bool>()),
            nameof(JournalEntry.ChildEnded) => new JournalEntry.ChildEnded(seq, at, key, State(row), Bytes(row), row["error"]?.Deserialize<WorkflowError>(), 0),
            nameof(JournalEntry.MapStarted) => new JournalEntry.MapStarted(seq, at, key, row["count"]!.GetValue<int>()),
            nameof(JournalEntry.StateChanged) => new JournalEntry.StateChanged(seq, at, State(row), Bytes(row), row["error"]?.Deserialize<WorkflowError>()),
            nameof(JournalEntry.RunRetried) => new JournalEntry.RunRetried(seq, at, row["from"]!.GetValue<long>()),
            var kind => throw new InvalidDataException(kind),
        };
    }

    private static JsonObject? Decision(PolicyDecision? of) => of is null ? null : new JsonObject
    {
        ["class"] = of.Class, ["rule"] = of.Rule, ["move"] = of.Move.ToName(), ["reason"] = of.Reason, ["attempt"] = of.Attempt, ["option"] = of.Option, ["delay_ms"] = of.Delay?.TotalMilliseconds, ["error"] = Json(of.Error),
    };

    private static PolicyDecision Decision(JsonNode of) => new(of["class"]!.GetValue<string>(), of["rule"]!.GetValue<string>(), PolicyMoves.Parse(of["move"]!.GetValue<string>()), of["reason"]!.GetValue<string>(), of["attempt"]!.GetValue<int>())
    {
        Option = of["option"]?.GetValue<int>(), Delay = of["delay_ms"] is { } ms ? TimeSpan.FromMilliseconds(ms.GetValue<double>()) : null, Error = of["error"]?.Deserialize<WorkflowError>(),
    };

    private static RunState State(JsonObject row) => RunStates.TryParse(row["state"]!.GetValue<string>(), out var state) ? state : throw new InvalidDataException("state");

    private static JsonNode? Body(ReadOnlyMemory<byte> json) => json.IsEmpty ? null : JsonNode.Parse(json.Span);

    private static JsonNode? Json<T>(T value) => value is null ? null : JsonSerializer.SerializeToNode(value);

    private static ReadOnlyMemory<byte> Bytes(JsonObject row) => row["body"] is { } body ? Encoding.UTF8.GetBytes(body.ToJsonString(Payloads.Json)) : row.ContainsKey("body") ? "null"u8.ToArray() : default;
}
