using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Steps;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Errors: raised, caught, retried.</summary>
internal sealed partial class Interpreter
{
    /// <summary>The pause between retries whose policy names none, or has neither pause nor limit: without it, a failing task would fill the journal.</summary>
    private static readonly TimeSpan LeastDelay = TimeSpan.FromSeconds(1);

    private async ValueTask<Result> TryAsync(TaskNode.Try attempt, Place place, JqValue input, Scope scope, Flow flow)
    {
        var clause = attempt.Catch;
        var started = flow.Run.Now;
        for (var tries = 1; ; tries++)
        {
            WorkflowException caught;
            try
            {
                var path = tries == 1 ? $"{place}/try" : $"{place}/try~{tries}";
                return await WithTimeoutAsync(clause.Retry?.AttemptTimeout, flow, input, scope, $"{path}~timeout", attempt.Pointer, inner => NestedAsync(attempt.Tasks, path, input, scope, inner));
            }
            catch (WorkflowException e) when (Catches(clause, e, input, scope, attempt.Pointer))
            {
                caught = Masked(e, flow.Run.Tenant);
            }
            var handler = scope.With(clause.As, Descriptors.Error(caught.Error));
            if (clause.Retry is { } retry)
            {
                if (RetryDelay(retry, tries, caught, flow.Run.Now - started, input, handler, flow.Run, attempt.Pointer) is { } delay)
                {
                    await flow.Run.SleepAsync($"{place}~retry{tries}", delay);
                    continue;
                }
                if (clause.Do is null) throw caught;   // retries are used up, and nothing else is to be done: the error stands
            }
            if (clause.Do is null) return new Result(input, Then: clause.Then);
            var result = await NestedAsync(clause.Do, $"{place}/catch/do", input, handler, flow);
            return result.Ended ? result : result with { Then = clause.Then };
        }
    }

    private static bool Catches(Catch clause, WorkflowException thrown, JqValue input, Scope scope, string pointer)
    {
        var error = Descriptors.Error(thrown.Error);
        foreach (var (name, wanted) in clause.Filter)
        {
            var found = error[name];
            var same = name == "type" && found.TryGetString(out var a) && wanted.TryGetString(out var b) ? ErrorTypes.Canonical(a) == ErrorTypes.Canonical(b) : found == wanted;
            if (!same) return false;
        }
        var inner = scope.With(clause.As, error);
        return (clause.When is null || clause.When.Evaluate(input, inner, pointer).IsTruthy) && (clause.ExceptWhen is null || !clause.ExceptWhen.Evaluate(input, inner, pointer).IsTruthy);
    }

    /// <summary>The pause before the next attempt, or null when there is none.</summary>
    private static TimeSpan? RetryDelay(RetryRule retry, int tries, WorkflowException caught, TimeSpan spent, JqValue input, Scope scope, RunContext run, string pointer)
    {
        if (retry.Attempts is { } most && tries > most) return null;
        if (retry.When is not null && !retry.When.Evaluate(input, scope, pointer).IsTruthy) return null;
        if (retry.ExceptWhen is not null && retry.ExceptWhen.Evaluate(input, scope, pointer).IsTruthy) return null;
        if (retry.Total is not null && spent >= Duration(retry.Total, input, scope, pointer)) return null;
        var delay = retry.Delay is null ? LeastDelay : Duration(retry.Delay, input, scope, pointer);
        delay = Backoff.Delay(retry.Backoff, delay, tries, Durations.Longest);
        if (retry.JitterFrom is not null && retry.JitterTo is not null)
        {
            var (from, to) = (Duration(retry.JitterFrom, input, scope, pointer), Duration(retry.JitterTo, input, scope, pointer));
            delay += from + ((to - from) * run.Jitter.NextDouble());
        }
        if (delay == TimeSpan.Zero && retry is { Attempts: null, Total: null }) delay = LeastDelay;
        return caught.RetryAfter is { } asked && asked > delay ? asked : delay;
    }

    private static WorkflowException Raise(TaskNode.Raise raise, JqValue input, Scope scope)
    {
        var rule = raise.Error;
        if (!rule.Status.Evaluate(input, scope, raise.Pointer).TryGetInt64(out var status)) throw Fault(ErrorTypes.Expression, 400, "Not a status", "An error's status is a number.", raise.Pointer);
        var error = new WorkflowError(Of(rule.Type)!, (int)status, Of(rule.Title) ?? "Error", Of(rule.Detail), Of(rule.Instance) ?? raise.Pointer);
        return new WorkflowException(error, ErrorClasses.OfStatus((int)status));

        string? Of(Template? template) => Text(template, input, scope, raise.Pointer);
    }
}
