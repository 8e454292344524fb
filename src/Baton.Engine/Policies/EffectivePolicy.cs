using System.Collections.Immutable;

namespace Baton.Engine.Policies;

/// <summary>The policies that apply to one task, the nearest first: the task's own, the workflow's, the server's.</summary>
internal sealed class EffectivePolicy(ImmutableArray<ErrorPolicy> layers)
{
    /// <summary>For what undoes finished tasks: it is tried with patience, whatever fails.</summary>
    public static readonly EffectivePolicy OfCompensation = new(
        [new ErrorPolicy("compensation", [], [new PolicyRule("compensation/0", [], [], [], new PolicyRetry(4, TimeSpan.FromSeconds(1), BackoffKind.Exponential, null, true), [], new PolicyAction.Fail([]))])]);

    /// <summary>The error with its class: the typed one, or where that is generic, what a pattern says of the message.</summary>
    public WorkflowException Classified(WorkflowException thrown)
    {
        var errorClass = Classify(thrown.Error, thrown.Class);
        return errorClass == thrown.Class ? thrown : new WorkflowException(thrown.Error, errorClass, thrown) { RetryAfter = thrown.RetryAfter, Attempt = thrown.Attempt };
    }

    public ErrorClass Classify(WorkflowError error, ErrorClass typed)
    {
        if (typed != ErrorClass.Generic) return typed;
        var message = error.Detail is null ? error.Title : $"{error.Title}: {error.Detail}";
        return layers.SelectMany(layer => layer.Patterns).Where(pattern => pattern.Match.IsMatch(message)).Select(pattern => pattern.Class).FirstOrDefault(ErrorClass.Generic);
    }

    /// <summary>The first rule that fits, or null.</summary>
    public PolicyRule? RuleFor(WorkflowError error, ErrorClass errorClass) => layers.SelectMany(layer => layer.Rules).FirstOrDefault(rule => rule.Fits(error, errorClass));

    /// <summary>The rule of a recorded decision.</summary>
    public PolicyRule? Find(string name) => layers.SelectMany(layer => layer.Rules).FirstOrDefault(rule => rule.Name == name);

    /// <summary>Whether anything looks for the outputs of earlier runs, so that outputs must be kept.</summary>
    public bool NeedsCache { get; } = layers.SelectMany(layer => layer.Rules).SelectMany(rule => rule.Fallbacks).Any(fallback => fallback is Fallback.Cached);

    /// <summary>A retry and its delay, or null when none is left.</summary>
    /// <param name="attempt">Attempts so far, from 1.</param>
    public PolicyDecision? Retry(WorkflowError error, ErrorClass errorClass, int attempt, TimeSpan? retryAfter, Random random)
    {
        if (RuleFor(error, errorClass) is not { Retry: { } settings } rule) return null;
        var policy = settings.For(errorClass);
        if (policy.NextDelay(attempt, errorClass, retryAfter, random) is not { } delay) return null;
        var asked = retryAfter is { } after && after >= delay ? ", as the other side asked" : "";
        return new PolicyDecision(errorClass.ToName(), rule.Name, PolicyMove.Retry, $"attempt {attempt} of {policy.MaxAttempts} failed; again in {delay.TotalSeconds:0.###} s{asked}", attempt) { Delay = delay };
    }
}
