using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Baton.Engine;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>The rules for models that an attribute cannot state, checked when the server starts.</summary>
internal sealed class GatewayRules : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var faults = options.Models.SelectMany(entry => Check($"Gateway:Models:{entry.Key}", entry.Key, entry.Value, options)).ToList();
        if (options.DefaultModel is { Length: > 0 } wanted && !ModelCaller.BuiltIns.Contains(wanted, StringComparer.OrdinalIgnoreCase) && !options.Models.Keys.Contains(wanted, StringComparer.OrdinalIgnoreCase))
        {
            faults.Add($"Gateway:DefaultModel is '{wanted}', but must be one of: {string.Join(", ", options.Models.Keys.Order(StringComparer.Ordinal).Concat(ModelCaller.BuiltIns))}.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Check(string path, string name, ModelOptions? model, GatewayOptions options)
    {
        if (model is null)
        {
            yield return $"{path} is empty; it needs at least a BaseUrl.";
            yield break;
        }
        if (name.StartsWith(ModelCaller.BuiltInPrefix, StringComparison.OrdinalIgnoreCase)) yield return $"{path}: names that begin with '{ModelCaller.BuiltInPrefix}' are those of the built-in models; choose another.";
        if (model.Targets.Count > ModelRoute.MaxTargets) yield return $"{path}:Targets: at most {ModelRoute.MaxTargets}, not {model.Targets.Count}.";
        if (model.Targets.Count > 0 && (model.BaseUrl ?? model.ApiKeyVariable ?? model.ApiKeyFile) is not null) yield return $"{path} has Targets, and BaseUrl or a key beside them; put those into the targets.";
        foreach (var fallback in model.Fallbacks.Where(fallback => !options.Models.Keys.Contains(fallback, StringComparer.OrdinalIgnoreCase))) yield return $"{path}:Fallbacks: there is no model '{fallback}' below Gateway:Models.";
        foreach (var fault in Attributes(path, model)) yield return fault;
        foreach (var (place, target) in RouteTable.TargetsOf(path, model))
        {
            foreach (var fault in CheckTarget(place, target, isModel: target == model)) yield return fault;
        }
    }

    private static IEnumerable<string> CheckTarget(string path, TargetOptions target, bool isModel)
    {
        if (Endpoint.Problem(target.BaseUrl) is { } problem) yield return $"{path}:BaseUrl {problem}";
        if (!isModel)
        {
            foreach (var fault in Attributes(path, target)) yield return fault;
        }
        if (target.ApiKey is not null) yield return $"{path}:ApiKey is no place for a key. Put the key into an environment variable or a file, and its name into {path}:ApiKeyVariable or {path}:ApiKeyFile.";
        foreach (var fault in Headers(path, target)) yield return fault;
        if (target is { ApiKeyVariable.Length: > 0, ApiKeyFile.Length: > 0 }) yield return $"{path}:ApiKeyVariable and {path}:ApiKeyFile are both set; keep one.";
        else if (ApiKey.Problem(target) is { } missing) yield return $"{path}:{missing}";
    }

    private static IEnumerable<string> Attributes(string path, TargetOptions target)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(target, new ValidationContext(target), results, validateAllProperties: true);
        foreach (var result in results)
        {
            var member = result.MemberNames.Single();
            var model = target as ModelOptions;
            yield return member switch   // an attribute that allows values does not say which
            {
                nameof(TargetOptions.Dialect) => $"{path}:{member}: must be openai or anthropic, not '{target.Dialect}'.",
                nameof(ModelOptions.Strategy) => $"{path}:{member}: must be round_robin, random, weighted, least_loaded, latency or priority, not '{model!.Strategy}'.",
                nameof(ModelOptions.MaxTokensField) => $"{path}:{member}: must be max_tokens or max_completion_tokens, not '{model!.MaxTokensField}'.",
                nameof(ModelOptions.StructuredOutput) => $"{path}:{member}: must be json_schema, json_object or prompt, not '{model!.StructuredOutput}'.",
                _ => $"{path}:{member}: {result.ErrorMessage}",
            };
        }
    }

    private static IEnumerable<string> Headers(string path, TargetOptions target)
    {
        foreach (var (header, value) in target.Headers.Append(new(ModelTarget.KeyHeaderOf(target), "")))
        {
            if (Refusal(header, value) is { } reason) yield return $"{path}:{(value.Length == 0 ? "ApiKeyHeader" : "Headers")}: {reason}";
            else if (value.Length > 0 && Secrets.IsCredential(header)) yield return $"{path}:Headers:{header} looks like a credential. Put it into an environment variable or a file, name that in {path}:ApiKeyVariable or {path}:ApiKeyFile, and set {path}:ApiKeyHeader to '{header}'.";
        }
    }

    private static string? Refusal(string header, string value)
    {
        try
        {
            HeaderRules.Check(ImmutableArray.Create(KeyValuePair.Create(header, value)), new Uri("http://any"));
            return Endpoint.OwnHeaders.Contains(header, StringComparer.OrdinalIgnoreCase) ? $"The header '{header}' is set by the server and cannot be given." : null;
        }
        catch (WorkflowException e)
        {
            return e.Error.Detail;
        }
    }
}
