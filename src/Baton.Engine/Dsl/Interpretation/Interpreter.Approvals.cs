using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Questions to a person: asked by a task, or by an error policy that has nothing else left.</summary>
internal sealed partial class Interpreter
{
    private static async ValueTask<Result> ApproveAsync(TaskNode.CallApprove call, Place place, JqValue input, Scope scope, Flow flow)
    {
        var rule = call.Approve;
        var answer = await AskAsync(rule, Text(rule.Title, input, scope, call.Pointer)!, Text(rule.Message, input, scope, call.Pointer), rule.Data?.Evaluate(input, scope, call.Pointer), $"{place}", input, scope, flow, call.Pointer);
        return new Result(answer);
    }

    /// <summary>Has a person choose what is done about an error.</summary>
    /// <returns>What the task gives, or null when it is to be tried again.</returns>
    private static async ValueTask<Result?> EscalateAsync(ApproveRule rule, TaskNode task, string key, WorkflowException thrown, JqValue input, Scope scope, Flow flow)
    {
        var title = Text(rule.Title, input, scope, task.Pointer) ?? $"{task.Name} failed: {thrown.Error.Title}";
        var data = rule.Data?.Evaluate(input, scope, task.Pointer) ?? JqValue.Object(("error", Descriptors.Error(thrown.Error)), ("input", input));
        var answer = await AskAsync(rule, title, Text(rule.Message, input, scope, task.Pointer) ?? thrown.Error.Detail, data, $"{key}/ask", input, scope, flow, task.Pointer);
        switch (answer["choice"].TryGetString(out var choice) ? choice : "skip")
        {
            case "retry": return null;
            case "value": return new Result(answer["value"], IsFinal: true);
            case "skip": return new Result(JqValue.Null, IsFinal: true);
            default:
                var by = answer["by"].TryGetString(out var name) ? name : "nobody in time";
                throw new WorkflowException(thrown.Error, thrown.Class, thrown)
                {
                    Decision = await flow.Run.DecideAsync($"{key}/answer", new PolicyDecision(thrown.Class.ToName(), "", PolicyMove.Fail, $"decided by {by}", thrown.Attempt) { Error = thrown.Error }),
                };
        }
    }

    /// <summary>Asks, and where nobody answers in time, does what the rule says about that.</summary>
    /// <returns><c>{ choice, comment, by, at, value }</c>; null for an approval that is skipped.</returns>
    private static async ValueTask<JqValue> AskAsync(ApproveRule rule, string title, string? message, JqValue? data, string key, JqValue input, Scope scope, Flow flow, string pointer)
    {
        var (assignee, deadline, expiry) = (rule.Assignee, rule.Deadline, rule.OnExpiry);
        for (var round = 1; ; round++)
        {
            var limit = deadline is null ? (TimeSpan?)null : Duration(deadline, input, scope, pointer);
            var answer = await flow.Run.ApproveAsync(round == 1 ? key : $"{key}~{round}", title, rule.Choices, Text(assignee, input, scope, pointer), message, limit, data);
            if (!answer["expired"].IsTruthy) return answer;
            switch (expiry)
            {
                case ExpiryRule.Escalate next:
                    (assignee, deadline, expiry) = (next.Assignee, next.Deadline, next.Then);
                    continue;
                case ExpiryRule.Skip: return JqValue.Null;
                case ExpiryRule.Choose chosen: return JqValue.Object(("choice", chosen.Choice), ("expired", true));
                default: throw new WorkflowException(new WorkflowError(ErrorTypes.Timeout, 408, "Approval expired", $"Nobody answered '{title}' within {limit!.Value.TotalSeconds:0.###} s.", pointer), ErrorClass.Generic);
            }
        }
    }
}
