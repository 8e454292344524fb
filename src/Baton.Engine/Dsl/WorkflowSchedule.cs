using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Dsl.Interpretation;
using Baton.Jq;

namespace Baton.Engine.Dsl;

/// <summary>What starts runs of a workflow by itself: a time, the end of the run before, or events.</summary>
public sealed class WorkflowSchedule
{
    private readonly Schedule schedule;

    internal WorkflowSchedule(Schedule schedule) => this.schedule = schedule;

    /// <summary>"every", "cron", "after" or "on".</summary>
    public string Kind => schedule switch
    {
        Schedule.Every => "every",
        Schedule.Cron => "cron",
        Schedule.After => "after",
        _ => "on",
    };

    /// <summary>For people: the interval, the cron expression, the delay, or "events".</summary>
    public string Text => schedule switch
    {
        Schedule.Every every => $"every {every.Interval}",
        Schedule.Cron cron => $"cron {cron.Expression.Source}",
        Schedule.After after => $"{after.Delay} after each run",
        _ => "on events",
    };

    /// <summary>When a run is due after <paramref name="last"/>: the due time before, or for "after" the end of the run before. Null for events.</summary>
    public DateTimeOffset? Next(DateTimeOffset last) => schedule switch
    {
        Schedule.Every every => last + every.Interval,
        Schedule.Cron cron => cron.Expression.Next(last),
        Schedule.After after => last + after.Delay,
        _ => null,
    };

    /// <summary>What storage looks at before it asks <see cref="Collect"/>; empty for a schedule of time.</summary>
    public IReadOnlyList<EventSubscription> Subscriptions => schedule is Schedule.On on ? Matcher(on).Subscriptions : [];

    /// <summary>Takes an event.</summary>
    /// <param name="collected">Events kept from earlier calls, as an array; null or empty at first.</param>
    /// <param name="published">A CloudEvents object.</param>
    /// <returns>What to keep, and the input of a run to start, or null when none is due yet.</returns>
    public (JqValue Collected, JqValue? Input) Collect(JqValue collected, JqValue published)
    {
        if (schedule is not Schedule.On on) return (collected, null);
        var matcher = Matcher(on);
        var kept = collected.TryGetArray(out var before) ? before : JqArray.Empty;
        foreach (var earlier in kept) matcher.Consume(earlier);
        if (!matcher.Wants(published.ToUtf8Bytes())) return (collected, null);
        if (matcher.Consume(published)) kept = kept.Add(published);
        matcher.Check(Parts(kept, on.Read));
        return matcher.IsSatisfied ? (JqValue.EmptyArray, (JqValue)Parts(kept, on.Read)) : (kept, (JqValue?)null);
    }

    private static JqArray Parts(JqArray events, EventPart? part) => part is null ? events : JqArray.Create([.. events.Select(one => EventMatcher.Part(one, part.Value))]);

    private static EventMatcher Matcher(Schedule.On on) =>
        new(on.Strategy, JqValue.Null, new Scope(new RunFrame(() => JqValue.Null, () => JqValue.EmptyObject, new JqOptions { Limits = new JqLimits(Steps: 100_000) })), "/schedule/on");
}
