using System.Xml;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Workflows;

/// <summary>How long ended runs are kept, by the state that they ended in. Null for ever.</summary>
internal sealed record RetentionRule(TimeSpan? Completed, TimeSpan? Failed, TimeSpan? Cancelled)
{
    public static readonly RunState[] States = [RunState.Completed, RunState.Failed, RunState.Cancelled];

    public TimeSpan? Of(RunState state) => state switch
    {
        RunState.Completed => Completed,
        RunState.Failed => Failed,
        _ => Cancelled,
    };

    /// <summary>The rule in <c>document.metadata.baton.retention</c> of a document: durations of ISO 8601 by state. What it leaves out is as the server has it.</summary>
    /// <returns>Null where the document has none.</returns>
    public static RetentionRule? Read(JqValue document, RetentionRule server) => document["document"]["metadata"]["baton"]["retention"] is { IsObject: true } given
        ? new RetentionRule(Duration(given["completed"]) ?? server.Completed, Duration(given["failed"]) ?? server.Failed, Duration(given["cancelled"]) ?? server.Cancelled) : null;

    /// <summary>What is wrong with the rule of a document: the field and what it should be. Null for nothing.</summary>
    public static (string Field, string Rule)? Fault(JqValue document)
    {
        var given = document["document"]["metadata"]["baton"]["retention"];
        if (given.IsNull) return null;
        if (!given.TryGetObject(out var fields)) return ("", "It is an object of durations by state.");
        foreach (var (name, value) in fields)
        {
            if (!RunStates.TryParse(name, out var state) || !state.IsTerminal()) return (name, "The states are completed, failed and cancelled.");
            if (Duration(value) is not { } duration || duration < TimeSpan.FromMinutes(1)) return (name, "It is a duration of ISO 8601 of a minute or more, such as P30D.");
        }
        return null;
    }

    private static TimeSpan? Duration(JqValue value)
    {
        if (!value.TryGetString(out var text)) return null;
        try
        {
            return XmlConvert.ToTimeSpan(text);
        }
        catch (Exception e) when (e is FormatException or OverflowException)   // there is no other way to ask
        {
            return null;
        }
    }
}
