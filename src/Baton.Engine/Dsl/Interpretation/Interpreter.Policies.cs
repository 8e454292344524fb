using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Policies;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Error policies: what is done about a task that failed, decided once and recorded.</summary>
internal sealed partial class Interpreter
{
    /// <summary>The policies over a task: its own; and over an effect, those of its document and of the server too.</summary>
    private EffectivePolicy? PolicyOf(TaskNode task, Flow flow)
    {
        if (flow.Step is not null) return null;   // an item of a map that is one step: see IsOneEffect
        var layers = task.OnError.IsDefault ? [] : task.OnError;
        if (!IsOneStep(task)) return task.OnError.IsDefault ? null : new EffectivePolicy(layers);
        if (flow.IsCompensation) return task.OnError.IsDefault ? EffectivePolicy.OfCompensation : new EffectivePolicy(layers);
        if (!tree.Settings.OnError.IsDefault) layers = [.. layers, .. tree.Settings.OnError];
        if (flow.Run.HasServerPolicy && host.Policies.Applied is { } applied) layers = [.. layers, applied];
        return task.OnError.IsDefault && tree.Settings.OnError.IsDefault && !flow.Run.HasServerPolicy ? null : new EffectivePolicy(layers);
    }

    /// <summary>Runs a task, and does about its errors what its policy says.</summary>
    private async ValueTask<Result> GuardedAsync(TaskNode task, Place place, JqValue input, Scope scope, Flow flow)
    {
        if (PolicyOf(task, flow) is not { } policy) return await RunExtendedAsync(task, place, input, scope, flow.Policy is null ? flow : flow with { Policy = null });
        var (decisions, resets) = (0, 0);
        for (var round = 0; ; round++)
        {
            WorkflowException thrown;
            try
            {
                return await RunExtendedAsync(task, place with { Round = round }, input, scope, flow with { Policy = policy });
            }
            catch (WorkflowException e)
            {
                thrown = policy.Classified(Masked(e, flow.Run.Tenant));
            }
            var attempt = IsOneStep(task) ? thrown.Attempt : round - resets + 1;
            var latest = thrown;
            for (var option = 0; ;)
            {
                var key = $"{place}~policy{++decisions}";
                var decided = await flow.Run.DecideAsync(key, Next(policy, task, thrown, latest, attempt, option, flow));
                if (decided.Move == PolicyMove.Retry)
                {
                    await flow.Run.SleepAsync($"{key}/wait", decided.Delay ?? TimeSpan.Zero);
                    break;
                }
                var rule = decided.Rule.Length == 0 ? null : policy.Find(decided.Rule) ?? throw Gone(decided);
                var handler = scope.With("error", Descriptors.Error(thrown.Error));
                switch (decided.Move)
                {
                    case PolicyMove.Fallback:
                        option = decided.Option!.Value;
                        if (option >= rule!.Fallbacks.Length) throw Gone(decided);
                        try
                        {
                            return await FallBackAsync(rule.Fallbacks[option], task, $"{key}/fallback", input, handler, flow with { Policy = null });
                        }
                        catch (WorkflowException e)
                        {
                            latest = Masked(e, flow.Run.Tenant);
                            option++;
                        }
                        continue;
                    case PolicyMove.Skip:
                        return new Result((rule?.Last as PolicyAction.Skip)?.Output?.Evaluate(input, handler, task.Pointer) ?? JqValue.Null, IsFinal: true);
                    case PolicyMove.Escalate:
                        if (rule?.Last is not PolicyAction.Escalate { To: var to }) throw Gone(decided);
                        if (await EscalateAsync(to, task, key, thrown, input, handler, flow) is { } given) return given;
                        resets = round + 1;   // the person wants it tried again: as if for the first time
                        break;
                    default:
                        throw new WorkflowException(thrown.Error, thrown.Class, thrown) { RetryAfter = thrown.RetryAfter, Decision = decided };
                }
                break;
            }
        }
    }

    /// <summary>What to do next about an error.</summary>
    /// <param name="latest">The error of the last fallback, or the task's own.</param>
    /// <param name="option">The first fallback that was not tried.</param>
    private PolicyDecision Next(EffectivePolicy policy, TaskNode task, WorkflowException thrown, WorkflowException latest, int attempt, int option, Flow flow)
    {
        var (error, name) = (thrown.Error, thrown.Class.ToName());
        if (policy.RuleFor(error, thrown.Class) is not { } rule) return new PolicyDecision(name, "", PolicyMove.Fail, $"no rule is about {name} errors such as this one", attempt) { Error = error };
        if (option == 0 && !IsOneStep(task) && policy.Retry(error, thrown.Class, attempt, thrown.RetryAfter, flow.Run.Jitter) is { } retry) return retry with { Error = error };
        var reason = ReferenceEquals(thrown, latest) ? $"attempt {attempt} failed and no retry is left: {error}" : $"the fallback failed: {latest.Error}";
        while (option < rule.Fallbacks.Length && !Suits(rule.Fallbacks[option], task)) option++;
        if (option < rule.Fallbacks.Length) return new PolicyDecision(name, rule.Name, PolicyMove.Fallback, $"{rule.Fallbacks[option].Label}, as {reason}", attempt) { Option = option, Error = error };
        return rule.Last switch
        {
            PolicyAction.Skip => new PolicyDecision(name, rule.Name, PolicyMove.Skip, $"{PolicyDecision.Skipped}: {reason}", attempt) { Error = error },
            PolicyAction.Escalate => new PolicyDecision(name, rule.Name, PolicyMove.Escalate, reason, attempt) { Error = error },
            PolicyAction.Compensate last => new PolicyDecision(name, rule.Name, PolicyMove.Compensate, reason, attempt) { Error = error, Notify = last.Notify },
            PolicyAction.Fail last => new PolicyDecision(name, rule.Name, PolicyMove.Fail, reason, attempt) { Error = error, Notify = last.Notify },
            _ => throw new UnreachableException(),
        };
    }

    /// <summary>A policy over many tasks may name fallbacks that only some of them can take.</summary>
    private bool Suits(Fallback fallback, TaskNode task) => fallback switch
    {
        Fallback.Model => task is TaskNode.CallFunction call && host.FindFunction(call.Function) is { } function && function.Parameters.Any(parameter => parameter.Name == "model"),
        Fallback.Cached or Fallback.ReducedConcurrency or Fallback.RefreshedCredential => IsOneStep(task),
        _ => true,
    };

    private async ValueTask<Result> FallBackAsync(Fallback fallback, TaskNode task, string key, JqValue input, Scope scope, Flow flow)
    {
        switch (fallback)
        {
            case Fallback.Value value: return new Result(value.Output.Evaluate(input, scope, task.Pointer), IsFinal: true);
            case Fallback.Do other: return await NestedAsync(other.Tasks, $"{key}/do", input, scope, flow) with { IsFinal = true };
            case Fallback.Model model: return await EffectAsync(task, key, input, scope, flow, new Substitute(request => With(request, model.Name)));
            case Fallback.RefreshedCredential: return await EffectAsync(task, key, input, scope, flow, new Substitute(RefreshesCredential: true));
            case Fallback.ReducedConcurrency reduced:
                var again = new EffectivePolicy([new ErrorPolicy("reduced_concurrency", [], [new PolicyRule("reduced_concurrency/0", [], [], [], reduced.Retry, [], new PolicyAction.Fail([]))])]);
                return await EffectAsync(task, key, input, scope, flow with { Policy = again }, new Substitute(AtMost: reduced.AtMost));
            case Fallback.Cached cached:
                var kept = await StepAsync(key, $"{task.Name}: cached data", task.Pointer, null, flow, tenant => new EffectRequest.Recall(InputOf(task, input, Request(task, tenant, input, scope))));
                if (kept.Output.IsNull) throw Fault(ErrorTypes.Runtime, 404, "Nothing cached", "No earlier run has an output of this task for this input.", task.Pointer);
                if (cached.MaxAge is { } most && flow.Run.Now.ToUnixTimeMilliseconds() - kept.Output["at"].AsDouble() > most.TotalMilliseconds) throw Fault(ErrorTypes.Runtime, 410, "Cached data too old", $"The newest output for this input is older than {most.TotalSeconds:0.###} s.", task.Pointer);
                return new Result(kept.Output["output"]);
            default: throw new UnreachableException();
        }

        static EffectRequest With(EffectRequest request, string model) => request is EffectRequest.Function call && call.Arguments.IsObject ? call with { Arguments = call.Arguments.With("model", model) } : request;
    }

    /// <summary>Which task, and with what. Only a hash of what was asked for leaves the step: it may hold secrets.</summary>
    private TaskInput InputOf(TaskNode task, JqValue input, EffectRequest request)
    {
        var asked = request switch
        {
            EffectRequest.Function call => call.Arguments,
            EffectRequest.Http call => JqValue.Array([call.Method, call.Uri.ToString(), JqValue.Array([.. call.Query.Select(pair => JqValue.Array([pair.Key, pair.Value]))]), call.Body ?? JqValue.Null]),
            EffectRequest.OpenApi call => JqValue.Array([call.Document.Uri.ToString(), call.OperationId, JqValue.Array([.. call.Parameters.Select(pair => JqValue.Array([pair.Key, pair.Value]))])]),
            EffectRequest.Process call => JqValue.Array([call.Code ?? "", JqValue.Array([.. call.Arguments.Select(argument => (JqValue)argument)]), call.Stdin ?? ""]),
            _ => throw new UnreachableException(),
        };
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{input.ToJson()}\n{asked.ToJson()}"));
        return new TaskInput(tree.Ref.Namespace, tree.Ref.Name, task.Pointer, Convert.ToHexStringLower(hash));
    }

    private static ReplayMismatchException Gone(PolicyDecision decided) =>
        new($"This run follows the rule '{decided.Rule}' of an error policy (move: {decided.Move.ToName()}), and the policy is no longer as it was. Bring it back and resume the run.");

    private void CompensateWith(TaskNode task, JqValue input, JqValue output, Scope scope, Flow flow)
    {
        var completed = scope.With("completed", JqValue.Object(("task", task.Pointer), ("input", input), ("output", output)));
        flow.Run.CompensateByPolicy(task.Pointer, async run => await RunListAsync(task.Compensate!, "/do", output, completed, new Flow(run, IsCompensation: true)));
    }
}
