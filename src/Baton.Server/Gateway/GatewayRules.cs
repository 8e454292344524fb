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
        var faults = options.Models.SelectMany(entry => Check($"Gateway:Models:{entry.Key}", entry.Key, entry.Value)).ToList();
        if (options.DefaultModel is { Length: > 0 } wanted && !ModelCaller.BuiltIns.Contains(wanted, StringComparer.OrdinalIgnoreCase) && !options.Models.Keys.Contains(wanted, StringComparer.OrdinalIgnoreCase))
        {
            faults.Add($"Gateway:DefaultModel is '{wanted}', but must be one of: {string.Join(", ", options.Models.Keys.Order(StringComparer.Ordinal).Concat(ModelCaller.BuiltIns))}.");
        }
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static IEnumerable<string> Check(string path, string name, ModelOptions? model)
    {
        if (model is null)
        {
            yield return $"{path} is empty; it needs at least a BaseUrl.";
            yield break;
        }
        if (name.StartsWith(ModelCaller.BuiltInPrefix, StringComparison.OrdinalIgnoreCase)) yield return $"{path}: names that begin with '{ModelCaller.BuiltInPrefix}' are those of the built-in models; choose another.";
        if (Endpoint.Problem(model.BaseUrl) is { } problem) yield return $"{path}:BaseUrl {problem}";
        foreach (var fault in Attributes(path, model)) yield return fault;
        if (model.ApiKey is not null) yield return $"{path}:ApiKey is no place for a key. Put the key into an environment variable or a file, and its name into {path}:ApiKeyVariable or {path}:ApiKeyFile.";
        foreach (var fault in Headers(path, model)) yield return fault;
        if (model is { ApiKeyVariable.Length: > 0, ApiKeyFile.Length: > 0 }) yield return $"{path}:ApiKeyVariable and {path}:ApiKeyFile are both set; keep one.";
        else if (ApiKey.Problem(model) is { } missing) yield return $"{path}:{missing}";
    }

    private static IEnumerable<string> Attributes(string path, ModelOptions model)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(model, new ValidationContext(model), results, validateAllProperties: true);
        foreach (var result in results)
        {
            var member = result.MemberNames.Single();
            yield return member switch   // an attribute that allows values does not say which
            {
                nameof(ModelOptions.MaxTokensField) => $"{path}:{member}: must be max_tokens or max_completion_tokens, not '{model.MaxTokensField}'.",
                nameof(ModelOptions.StructuredOutput) => $"{path}:{member}: must be json_schema, json_object or prompt, not '{model.StructuredOutput}'.",
                _ => $"{path}:{member}: {result.ErrorMessage}",
            };
        }
    }

    private static IEnumerable<string> Headers(string path, ModelOptions model)
    {
        foreach (var (header, value) in model.Headers.Append(new(model.ApiKeyHeader, "")))
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
