using System.Collections.Immutable;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Documents;

/// <param name="When">Null for the default case.</param>
internal sealed record SwitchCase(string Name, Expression? When, Directive Then);

/// <param name="Filter">Properties that a caught error must have, compared as they stand.</param>
internal sealed record Catch(ImmutableArray<KeyValuePair<string, JqValue>> Filter, string As, Expression? When, Expression? ExceptWhen, RetryRule? Retry, TaskList? Do, Directive? Then);

/// <param name="Attempts">Most retries; null for no limit.</param>
/// <param name="AttemptTimeout">Longest duration of one attempt.</param>
/// <param name="Total">Longest time from the first failure on.</param>
internal sealed record RetryRule(Expression? When, Expression? ExceptWhen, Template? Delay, BackoffKind Backoff, int? Attempts, Template? AttemptTimeout, Template? Total, Template? JitterFrom, Template? JitterTo);

internal sealed record ErrorRule(Template Type, Template Status, Template? Title, Template? Detail, Template? Instance);

internal sealed record HttpRule(Template Method, Endpoint Endpoint, Template? Headers, Template? Query, Template? Body, Template? Output, bool AcceptRedirects);

/// <param name="Language">Null for a shell command.</param>
internal sealed record ProcessRule(Template? Language, Template? Code, Endpoint? Source, Template? Stdin, ImmutableArray<Template> Arguments, Template? Environment, ProcessReturn Return, bool Await);

/// <summary>Many items, a bounded number at once. Each runs the tasks, with the item as their input, or another workflow.</summary>
internal sealed record MapRule(Template In, string Each, string At, Template? Parallel, MapErrors OnError, TaskList? Do, TaskNode? Workflow);

/// <summary>Figures over a list. See <see cref="Interpretation.Aggregation"/>.</summary>
internal sealed record AggregateRule(Template In, Expression? By, Expression? Success, ImmutableArray<KeyValuePair<string, Expression>> Values);

/// <summary>What of an event a workflow is given.</summary>
internal enum EventPart
{
    Data,
    Envelope,
    Raw,
}

internal abstract record ListenStrategy
{
    private ListenStrategy() { }

    public sealed record One(EventFilter Filter) : ListenStrategy;

    public sealed record All(ImmutableArray<EventFilter> Filters) : ListenStrategy;

    /// <param name="Filters">Empty for every event.</param>
    /// <param name="UntilCondition">Over what was consumed so far.</param>
    /// <param name="UntilStrategy">Events that end the listening.</param>
    public sealed record Any(ImmutableArray<EventFilter> Filters, Expression? UntilCondition, ListenStrategy? UntilStrategy) : ListenStrategy;
}

/// <param name="Attributes">By name: a value, a regular expression, or an expression.</param>
internal sealed record EventFilter(ImmutableArray<KeyValuePair<string, Template>> Attributes, ImmutableArray<Correlation> Correlations);

/// <param name="Expect">Null: the first value sets it.</param>
internal sealed record Correlation(string Name, Expression From, Template? Expect);

/// <summary>What is done with each consumed event.</summary>
internal sealed record EventLoop(string Item, string At, TaskList? Do, OutputRule? Output, OutputRule? Export);

/// <summary>A question to a person.</summary>
/// <param name="Assignee">Who is asked; null for anybody.</param>
/// <param name="Title">Null for one that the asker makes.</param>
/// <param name="Deadline">How long the answer is waited for; null for ever.</param>
/// <param name="Data">What the person is shown besides.</param>
internal sealed record ApproveRule(Template? Assignee, Template? Title, Template? Message, ImmutableArray<string> Choices, Template? Deadline, Template? Data, ExpiryRule OnExpiry);

/// <summary>What an approval comes to when nobody answers in time: a closed set.</summary>
internal abstract record ExpiryRule
{
    private ExpiryRule() { }

    public sealed record Fail : ExpiryRule;

    public sealed record Skip : ExpiryRule;

    /// <summary>As if this had been chosen.</summary>
    public sealed record Choose(string Choice) : ExpiryRule;

    /// <summary>Somebody else is asked.</summary>
    public sealed record Escalate(Template Assignee, Template? Deadline, ExpiryRule Then) : ExpiryRule;
}
