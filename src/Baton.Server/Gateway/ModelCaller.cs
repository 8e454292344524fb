using System.Collections.Immutable;
using System.Security.Cryptography;
using Baton.Engine;
using Baton.Engine.Schema;
using Baton.Jq;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Asks language models: those that are configured, and the two that are built in. With a schema the answer is validated; one that does not fit is
/// sent back once to be mended. Thread-safe.
/// </summary>
internal sealed class ModelCaller(RouteTable table, UsageLedger ledger, IOptions<GatewayOptions> options, RouteCaller targets, LimitGate limits, StepAnswers answers, ExtractModel extract, EchoModel echo, TimeProvider time, ILogger<ModelCaller> log)
{
    public const string BuiltInPrefix = "baton/";

    private const int MaxNamesShown = 8;

    public static ImmutableArray<string> BuiltIns { get; } = [ExtractModel.Name, EchoModel.Name];

    public static bool IsBuiltIn(string model) => BuiltIns.IndexOf(model, 0, StringComparer.OrdinalIgnoreCase) >= 0;

    /// <summary>The model that a name stands for; the default for none.</summary>
    /// <returns>As it is configured: callers may write other cases.</returns>
    /// <exception cref="WorkflowException">There is no such model.</exception>
    public string Find(TenantId tenant, string? wanted) => Resolve(tenant, wanted).Name;

    /// <summary>Asks a model and waits for its whole answer.</summary>
    /// <param name="onDelta">
    /// Given the answer's text in the pieces in which it comes, in order, one at a time; what it throws ends the call. With a schema it is given the answer once, when it fits.
    /// </param>
    /// <exception cref="WorkflowException">There is no such model, or no answer, or none that fits the schema.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled.</exception>
    public async Task<ModelAnswer> CompleteAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        var (name, model) = Resolve(request.Origin.Tenant, request.Model);
        if (request.Messages.IsEmpty) throw CallErrors.Invalid("A model needs at least one message.");
        request = request with { Model = name };
        var started = time.GetTimestamp();
        var answer = request.Schema is { } schema
            ? await StructuredAsync(model, request, Compile(schema), cancel)
            : await AskAsync(model, request, onDelta, cancel);
        if (request.Schema is not null && onDelta is not null) await onDelta(answer.Text, cancel);
        var latency = time.GetElapsedTime(started);
        log.Answered(name, latency.TotalMilliseconds, answer.Usage.PromptTokens, answer.Usage.CompletionTokens, answer.Attempts);
        return answer with { Model = name, Latency = latency, RequestHash = Hash(request) };
    }

    private async Task<ModelAnswer> StructuredAsync(IChatModel model, ModelRequest request, JsonSchema schema, CancellationToken cancel)
    {
        var first = await AskAsync(model, request, null, cancel);
        var reading = JsonInText.Read(first.Text, schema);
        if (reading is Reading.Fits fits) return first with { Output = fits.Value };
        var misfit = (Reading.Misfits)reading;
        // What was cut would be cut again.
        if (first.FinishReason == "length") throw Mismatch(request.Model!, misfit, 1, " The answer was cut at its limit of tokens: raise max_tokens.");
        log.RepairAsked(request.Model!, misfit.Count);
        var second = await AskAsync(model, Repair(request, first.Text, misfit), null, cancel);
        reading = JsonInText.Read(second.Text, schema);
        if (reading is not Reading.Fits mended) throw Mismatch(request.Model!, (Reading.Misfits)reading, 2, "");
        return second with { Output = mended.Value, Usage = first.Usage + second.Usage, Attempts = 2 };
    }

    /// <summary>One call. A configured model accounts for it itself, an application's for what it is asked; what is left are the built-in ones that steps ask.</summary>
    private async Task<ModelAnswer> AskAsync(IChatModel model, ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        if (request.Origin.Run is not { } run) return await model.AnswerAsync(request, onDelta, cancel);
        if (model is RoutedModel) return request.IdempotencyKey is { } key ? await answers.GetAsync(request.Origin.Tenant, run, $"{key}#{request.Attempt}", Hash(request), () => model.AnswerAsync(request, onDelta, cancel), cancel) : await model.AnswerAsync(request, onDelta, cancel);
        var account = new CallAccount(CallAccount.Step, request.Origin, time) { Asked = request.Model };
        try
        {
            var answer = await model.AnswerAsync(request, onDelta, cancel);
            account.Begin(200);
            account.Counted = TokenUsage.Within(answer.Usage.PromptTokens, 0, answer.Usage.CompletionTokens, 0);
            return answer;
        }
        catch (OperationCanceledException)
        {
            account.Outcome = CallOutcome.Cancelled;
            throw;
        }
        catch (WorkflowException e)
        {
            account.Begin(e.Error.Status);
            throw;
        }
        finally
        {
            ledger.Close(account);
        }
    }

    private static ModelRequest Repair(ModelRequest request, string answer, Reading.Misfits misfit) => request with
    {
        Messages = request.Messages.Add(ModelMessage.Assistant(answer)).Add(ModelMessage.User($"{misfit.Repair}\n\nAnswer with the whole mended JSON, and with nothing else.")),
        IdempotencyKey = request.IdempotencyKey is { } key ? $"{key}/repair" : null,   // another question: the first answer must not come back
    };

    private static WorkflowException Mismatch(string model, Reading.Misfits misfit, int attempts, string advice) => new(
        new WorkflowError(ErrorTypes.Validation, 422, "Schema Mismatch", $"The answer of model '{model}' does not fit its schema{(attempts == 2 ? ", even after a repair" : "")}: {misfit.Problems.TrimEnd('.')}.{advice}"), ErrorClass.SchemaMismatch);

    private static JsonSchema Compile(JqValue schema)
    {
        if (JsonSchema.TryCompile(schema, null, out var compiled, out var problems)) return compiled;
        throw CallErrors.Invalid($"The JSON Schema for the answer cannot be used. {string.Join("; ", problems.Take(5).Select(problem => problem.Message))}.");
    }

    private (string Name, IChatModel Model) Resolve(TenantId tenant, string? wanted)
    {
        var routes = table.Current;
        var name = wanted is { Length: > 0 } ? wanted : routes.DefaultModel;
        if (name.Equals(ExtractModel.Name, StringComparison.OrdinalIgnoreCase)) return (ExtractModel.Name, extract);
        if (name.Equals(EchoModel.Name, StringComparison.OrdinalIgnoreCase)) return (EchoModel.Name, echo);
        return routes.Find(tenant, name) is { } route ? (route.Name, new RoutedModel(route, options.Value.MaxResponseBytes, targets, limits, ledger, time)) : throw Unknown(name, routes.For(tenant));
    }

    private static WorkflowException Unknown(string name, IEnumerable<ModelRoute> known)
    {
        var near = string.Join(", ", Nearest.Few(name, known.Select(route => route.Name).Concat(BuiltIns), MaxNamesShown));
        return CallErrors.Misconfigured($"There is no model '{name}' here.{(near.Length == 0 ? "" : $" Nearest are: {near}.")} Models are configured as Gateway:Models:<name>:BaseUrl.");
    }

    private static string Hash(ModelRequest request)
    {
        var value = JqValue.Object(
            ("model", request.Model), ("messages", JqValue.Array([.. request.Messages.Select(message => JqValue.Array(message.Role, message.Content))])),
            ("temperature", request.Temperature ?? JqValue.Null), ("max_tokens", request.MaxTokens ?? JqValue.Null),
            ("stop", JqValue.Array([.. request.Stop.Select(text => (JqValue)text)])), ("seed", request.Seed ?? JqValue.Null), ("schema", request.Schema ?? JqValue.Null));
        return Convert.ToHexStringLower(SHA256.HashData(value.ToUtf8Bytes()));
    }
}
