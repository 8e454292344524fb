using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;

namespace Baton.Engine.Policies;

/// <summary>What is done about errors, as data: the first rule that fits an error decides.</summary>
/// <param name="Name">Where it stands: <c>task</c>, <c>workflow</c>, or the name of a policy of the server.</param>
internal sealed record ErrorPolicy(string Name, ImmutableArray<ErrorPattern> Patterns, ImmutableArray<PolicyRule> Rules);

/// <summary>Gives an error whose class is generic a better one, by the words of its message.</summary>
internal sealed record ErrorPattern(Regex Match, ErrorClass Class);

/// <param name="Name">The policy's name and the rule's place in it, such as <c>standard/2</c>.</param>
/// <param name="Classes">Empty for all; likewise <paramref name="Statuses"/> and <paramref name="Types"/>.</param>
/// <param name="Retry">Null for no retry.</param>
/// <param name="Fallbacks">Tried in order once no retry is left.</param>
/// <param name="Last">What is done when no fallback worked.</param>
internal sealed record PolicyRule(string Name, ImmutableArray<ErrorClass> Classes, ImmutableArray<int> Statuses, ImmutableArray<string> Types,
    PolicyRetry? Retry, ImmutableArray<Fallback> Fallbacks, PolicyAction Last)
{
    public bool Fits(WorkflowError error, ErrorClass errorClass) =>
        (Classes.IsEmpty || Classes.Contains(errorClass)) && (Statuses.IsEmpty || Statuses.Contains(error.Status)) && (Types.IsEmpty || Types.Contains(ErrorTypes.Canonical(error.Type), StringComparer.Ordinal));
}

/// <summary>When and how often a failed attempt is repeated. What is null comes from <see cref="ClassDefaults"/>.</summary>
internal sealed record PolicyRetry(int? MaxRetries, TimeSpan? Delay, BackoffKind Backoff, TimeSpan? MaxDelay, bool Jitter)
{
    public static readonly PolicyRetry Default = new(null, null, BackoffKind.Exponential, null, true);

    public RetryPolicy For(ErrorClass errorClass)
    {
        var (retries, delay) = ClassDefaults.Retry(errorClass);
        var policy = new RetryPolicy { MaxAttempts = (MaxRetries ?? retries) + 1, Delay = Delay ?? delay, Backoff = Backoff, Jitter = Jitter };
        return policy with { MaxDelay = MaxDelay ?? TimeSpan.FromTicks(Math.Max(policy.Delay.Ticks, TimeSpan.FromMinutes(10).Ticks)) };
    }
}

/// <summary>The last resort of a rule: a closed set.</summary>
internal abstract record PolicyAction
{
    private PolicyAction() { }

    /// <param name="Notify">Channels that are told; empty for those that are told by default.</param>
    public sealed record Fail(EquatableList<string> Notify) : PolicyAction;

    /// <param name="Output">Null for null.</param>
    public sealed record Skip(Template? Output) : PolicyAction;

    /// <inheritdoc cref="Fail"/>
    public sealed record Compensate(EquatableList<string> Notify) : PolicyAction;

    public sealed record Escalate(ApproveRule To) : PolicyAction;
}

/// <summary>Something to try in a failed task's place: a closed set.</summary>
internal abstract record Fallback
{
    private Fallback() { }

    /// <summary>What it is, for people.</summary>
    public abstract string Label { get; }

    /// <summary>The same call with another model.</summary>
    public sealed record Model(string Name) : Fallback
    {
        public override string Label => $"model {Name}";
    }

    /// <summary>The newest output of the same task of the same workflow for the same input.</summary>
    /// <param name="MaxAge">No older output counts; null for any age.</param>
    public sealed record Cached(TimeSpan? MaxAge) : Fallback
    {
        public override string Label => "cached data";
    }

    public sealed record Value(Template Output) : Fallback
    {
        public override string Label => "a given value";
    }

    /// <summary>The same call again, with fewer of its kind at once in this process.</summary>
    public sealed record ReducedConcurrency(int AtMost, PolicyRetry Retry) : Fallback
    {
        public override string Label => $"at most {AtMost} at once";
    }

    /// <summary>The same call again, with a credential that was asked for anew.</summary>
    public sealed record RefreshedCredential : Fallback
    {
        public override string Label => "a refreshed credential";
    }

    public sealed record Do(TaskList Tasks) : Fallback
    {
        public override string Label => "other tasks";
    }
}

/// <summary>Retries by class, where a rule asks for retries and does not say how many.</summary>
internal static class ClassDefaults
{
    /// <summary>Most retries and the delay that they start from.</summary>
    public static (int Retries, TimeSpan Delay) Retry(ErrorClass errorClass) => errorClass switch
    {
        ErrorClass.Connectivity => (3, TimeSpan.FromSeconds(30)),
        ErrorClass.RateLimit => (5, TimeSpan.FromSeconds(60)),
        ErrorClass.Auth => (1, TimeSpan.FromSeconds(1)),
        ErrorClass.ServiceUnavailable => (2, TimeSpan.FromSeconds(120)),
        _ => (3, TimeSpan.FromSeconds(30)),
    };
}
