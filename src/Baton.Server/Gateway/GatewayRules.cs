using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Baton.Engine;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>The rules for models that an attribute cannot state: for those of the settings and of the file together, and for a tenant's own.</summary>
internal sealed class GatewayRules : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var faults = options.KeyGrants.SelectMany(entry => KeyGrant.Check(entry.Key, entry.Value)).ToList();
        switch (RoutesFile.Read(options.RoutesFile))
        {
            case RoutesReading.Refused refused:
                faults.Add($"{GatewayOptions.Section}:{nameof(GatewayOptions.RoutesFile)}: {refused.Reason}");
                faults.AddRange(Check(options, null).Select(fault => $"{fault}"));
                break;
            case RoutesReading.Models read:
                faults.AddRange(Check(options, read.All).Select(fault => $"{fault}"));
                break;
        }
        if (options.PricesFile is { Length: > 0 } prices && PriceTable.Problem(prices) is { } problem) faults.Add($"Gateway:PricesFile: '{prices}' {problem}");
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    /// <summary>Checks the models that serve all tenants, as a whole.</summary>
    /// <param name="file">Those of the file; null where it cannot be read, and so names of it cannot be checked.</param>
    public static IEnumerable<RouteFault> Check(GatewayOptions options, ImmutableDictionary<string, ModelOptions>? file)
    {
        var known = options.Models.Keys.Concat(file?.Keys ?? []).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, model) in options.Models)
        {
            foreach (var fault in CheckModel(RoutePlace.InSettings(name), name, model)) yield return fault;
            foreach (var fault in CheckNames(RoutePlace.InSettings(name), model, file is null ? null : known)) yield return fault;
        }
        foreach (var (name, model) in file ?? ImmutableDictionary<string, ModelOptions>.Empty)
        {
            if (options.Models.Keys.Contains(name, StringComparer.OrdinalIgnoreCase)) yield return new RouteFault(RoutePlace.InFile(name), $" stands at {RoutePlace.InSettings(name)} too; keep one.");
            foreach (var fault in CheckModel(RoutePlace.InFile(name), name, model)) yield return fault;
            foreach (var fault in CheckNames(RoutePlace.InFile(name), model, known)) yield return fault;
        }
        if (file is not null && options.DefaultModel is { Length: > 0 } wanted && !ModelCaller.IsBuiltIn(wanted) && !known.Contains(wanted))
        {
            yield return new RouteFault(new RoutePlace($"{GatewayOptions.Section}:{nameof(GatewayOptions.DefaultModel)}", "", IsSnakeCase: false), $" is '{wanted}', but must be one of: {string.Join(", ", known.Order(StringComparer.Ordinal).Concat(ModelCaller.BuiltIns))}.");
        }
    }

    /// <summary>Checks a route that comes by the API: by the same rules, and by what it may not do with the operator's keys.</summary>
    public static IEnumerable<RouteFault> CheckOwn(TenantId tenant, string name, ModelOptions model, IReadOnlyDictionary<string, KeyGrant> grants)
    {
        foreach (var (place, target) in TargetsOf(RoutePlace.Body, model))
        {
            if (target.ApiKeyFile is { Length: > 0 })
            {
                yield return new RouteFault(place[nameof(target.ApiKeyFile)], ": files belong to the operator. Name an environment variable that Gateway:KeyGrants allows, in api_key_variable.");
                yield break;   // the other rules would read it
            }
            // The same words whether there is such a variable or not.
            if (target.ApiKeyVariable is { Length: > 0 } variable && !(grants.TryGetValue(variable, out var grant) && grant.Allows(tenant, target.BaseUrl)))
            {
                yield return new RouteFault(place[nameof(target.ApiKeyVariable)], $": the key of this variable may not be sent to that host. An operator allows it with Gateway:KeyGrants:{variable}.");
                yield break;
            }
        }
        foreach (var fault in CheckModel(RoutePlace.Body, name, model)) yield return fault;
    }

    /// <param name="known">The names that there are; null for those that cannot be known.</param>
    public static IEnumerable<RouteFault> CheckNames(RoutePlace place, ModelOptions? model, ISet<string>? known)
    {
        if (known is null || model is null) return [];
        var names = model.Fallbacks.Select(name => (At: place[nameof(model.Fallbacks)], Name: name));
        if (model.Cache?.Similar is { Model.Length: > 0 } similar) names = names.Append((place[nameof(model.Cache)][nameof(model.Cache.Similar)][nameof(similar.Model)], similar.Model));
        return names.Where(one => !known.Contains(one.Name)).Select(one => new RouteFault(one.At, $": there is no model '{one.Name}'{(place.IsSnakeCase ? "" : " below Gateway:Models")}."));
    }

    /// <summary>The places of a model's targets.</summary>
    public static IEnumerable<(RoutePlace Place, TargetOptions Options)> TargetsOf(RoutePlace place, ModelOptions model) =>
        model.Targets.Count == 0 ? [(place, model)] : model.Targets.Select((target, index) => (place[nameof(model.Targets)][index], target));

    private static IEnumerable<RouteFault> CheckModel(RoutePlace place, string name, ModelOptions? model)
    {
        if (model is null)
        {
            yield return new RouteFault(place, " is empty; it needs at least a BaseUrl.");
            yield break;
        }
        if (name.StartsWith(ModelCaller.BuiltInPrefix, StringComparison.OrdinalIgnoreCase)) yield return new RouteFault(place, $": names that begin with '{ModelCaller.BuiltInPrefix}' are those of the built-in models; choose another.");
        if (!IsPrintable(name)) yield return new RouteFault(place, ": a name has 1 to 200 printable ASCII characters: headers carry it.");
        if (model.Targets.Count > ModelRoute.MaxTargets) yield return new RouteFault(place[nameof(model.Targets)], $": at most {ModelRoute.MaxTargets}, not {model.Targets.Count}.");
        if (model.Targets.Count > 0 && (model.BaseUrl ?? model.ApiKeyVariable ?? model.ApiKeyFile) is not null) yield return new RouteFault(place, " has Targets, and BaseUrl or a key beside them; put those into the targets.");
        foreach (var fault in Attributes(place, model)) yield return fault;
        if (model.Targets.Count > 0 && Condition.Problem(model.When) is { } unclear) yield return new RouteFault(place[nameof(model.When)], $": {unclear}");
        foreach (var fault in CheckCache(place[nameof(model.Cache)], model.Cache)) yield return fault;
        foreach (var (at, target) in TargetsOf(place, model))
        {
            foreach (var fault in CheckTarget(at, target, isModel: target == model)) yield return fault;
        }
    }

    private static IEnumerable<RouteFault> CheckCache(RoutePlace place, ModelCacheOptions? cache)
    {
        if (cache is null) yield break;
        foreach (var (member, message) in Attributes(cache)) yield return new RouteFault(place[member], member == nameof(cache.Requests) ? $": must be deterministic or all, not '{cache.Requests}'." : $": {message}");
        if (cache.Similar is { } similar)
        {
            foreach (var (member, message) in Attributes(similar)) yield return new RouteFault(place[nameof(cache.Similar)][member], $": {message}");
            if (cache.Ttl == TimeSpan.Zero) yield return new RouteFault(place[nameof(cache.Similar)], $" is set, and {place[nameof(cache.Ttl)]} is not: nothing is kept that could be given to a question that is alike.");
        }
        if (cache.StaleIfError > TimeSpan.Zero && cache.Ttl == TimeSpan.Zero) yield return new RouteFault(place[nameof(cache.StaleIfError)], $" is set, and {place[nameof(cache.Ttl)]} is not: nothing is kept that could be given when targets fail.");
    }

    private static IEnumerable<RouteFault> CheckTarget(RoutePlace place, TargetOptions target, bool isModel)
    {
        if (Endpoint.Problem(target.BaseUrl) is { } problem) yield return new RouteFault(place[nameof(target.BaseUrl)], $" {problem}");
        if (target.Name is not null && !IsPrintable(target.Name)) yield return new RouteFault(place[nameof(target.Name)], " must have 1 to 200 printable ASCII characters: headers carry it.");
        if (!isModel)
        {
            foreach (var fault in Attributes(place, target)) yield return fault;
        }
        if (target.Price is { } price)
        {
            foreach (var (member, message) in Attributes(price)) yield return new RouteFault(place[nameof(target.Price)], $":{member}: {message}");
        }
        var (variable, file) = (place[nameof(target.ApiKeyVariable)], place[nameof(target.ApiKeyFile)]);
        if (target.ApiKey is not null) yield return new RouteFault(place[nameof(target.ApiKey)], $" is no place for a key. Put the key into an environment variable or a file, and its name into {variable} or {file}.");
        if (Condition.Problem(target.When) is { } unclear) yield return new RouteFault(place[nameof(target.When)], $": {unclear}");
        foreach (var fault in Headers(place, target)) yield return fault;
        if (target is { ApiKeyVariable.Length: > 0, ApiKeyFile.Length: > 0 }) yield return new RouteFault(variable, $" and {file} are both set; keep one.");
        else if (ApiKey.Problem(target) is { } missing) yield return new RouteFault(target.ApiKeyVariable is { Length: > 0 } ? variable : file, missing[missing.IndexOf(':', StringComparison.Ordinal)..]);
    }

    private static IEnumerable<RouteFault> Attributes(RoutePlace place, TargetOptions target)
    {
        var model = target as ModelOptions;
        foreach (var (member, message) in Attributes(target))
        {
            yield return new RouteFault(place[member], member switch   // an attribute that allows values does not say which
            {
                nameof(TargetOptions.Dialect) => $": must be openai, anthropic or ollama, not '{target.Dialect}'.",
                nameof(ModelOptions.Strategy) => $": must be round_robin, random, weighted, least_loaded, latency, prefix_affine or priority, not '{model!.Strategy}'.",
                nameof(TargetOptions.Engine) => $": must be vllm or ollama, not '{target.Engine}'.",
                nameof(TargetOptions.Prefill) => $": must be assistant, prefix or continue_final_message, not '{target.Prefill}'.",
                nameof(ModelOptions.MaxTokensField) => $": must be max_tokens or max_completion_tokens, not '{model!.MaxTokensField}'.",
                nameof(ModelOptions.StructuredOutput) => $": must be json_schema, json_object, prompt or tool, not '{model!.StructuredOutput}'.",
                nameof(ModelOptions.Thinking) => $": must be adaptive or budget, not '{model!.Thinking}'.",
                _ => $": {message}",
            });
        }
    }

    /// <summary>What the attributes of options say is wrong with them.</summary>
    private static IEnumerable<(string Member, string? Message)> Attributes(object options)
    {
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true);
        return results.Select(result => (result.MemberNames.Single(), result.ErrorMessage));
    }

    private static IEnumerable<RouteFault> Headers(RoutePlace place, TargetOptions target)
    {
        var headers = place[nameof(target.Headers)];
        foreach (var (header, value) in target.Headers.Append(new(ModelTarget.KeyHeaderOf(target), "")))
        {
            if (Refusal(header, value) is { } reason) yield return new RouteFault(value.Length == 0 ? place[nameof(target.ApiKeyHeader)] : headers, $": {reason}");
            else if (value.Length > 0 && Secrets.IsCredential(header)) yield return new RouteFault(headers.Below(header), $" looks like a credential. Put it into an environment variable or a file, name that in {place[nameof(target.ApiKeyVariable)]} or {place[nameof(target.ApiKeyFile)]}, and set {place[nameof(target.ApiKeyHeader)]} to '{header}'.");
        }
    }

    private static bool IsPrintable(string name) => name.Length is > 0 and <= 200 && !name.AsSpan().ContainsAnyExceptInRange(' ', '~');

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
