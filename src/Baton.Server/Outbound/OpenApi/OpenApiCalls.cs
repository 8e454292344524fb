using System.Collections.Immutable;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>Calls operations that OpenAPI documents describe.</summary>
internal sealed class OpenApiCalls(HttpCalls calls, ResourceReader resources, IOptions<OutboundOptions> options, TimeProvider time, ILogger<OpenApiCalls> log)
{
    private const int MaxDocuments = 64;

    private readonly SharedCache<OpenApiDocument> documents = new(time, MaxDocuments);

    /// <exception cref="WorkflowException">The document cannot be had, has no such operation, or the parameters do not fit; or as for an HTTP call.</exception>
    /// <exception cref="OperationCanceledException">The step was cancelled.</exception>
    public async Task<JqValue> PerformAsync(EffectRequest.OpenApi call, StepContext step)
    {
        var document = await documents.GetAsync(ResourceReader.KeyOf(call.Document), (previous, token) => FetchAsync(call.Document, previous, token), step.Cancel);
        var request = Build(document.Find(call.OperationId), call.Parameters, step);
        return await calls.PerformAsync(new HttpCall(request, call.Output, call.AcceptRedirects, call.Authentication), step.Cancel);
    }

    private async Task<Fetched<OpenApiDocument>> FetchAsync(ResourceReference reference, OpenApiDocument? previous, CancellationToken cancel)
    {
        if (await resources.ReadAsync(reference, previous?.ETag, cancel) is not { } resource) return new(previous!, options.Value.DocumentLifetime);
        log.DocumentRead(resource.Uri.Host, resource.Text.Length);
        return new(OpenApiDocument.Read(resource), options.Value.DocumentLifetime);
    }

    internal static OutboundRequest Build(OpenApiOperation operation, ImmutableArray<KeyValuePair<string, JqValue>> parameters, StepContext step)
    {
        var given = new Dictionary<string, JqValue>(StringComparer.Ordinal);
        foreach (var (name, value) in parameters)
        {
            if (!value.IsNull) given[name] = value;
            if (!operation.Parameters.Any(parameter => parameter.Name == name) && operation.Body?.Takes(name) != true) throw CallErrors.Invalid(Unknown(operation, name));
        }
        var missing = operation.Parameters.Where(parameter => parameter.IsRequired && parameter.In != "body" && !given.ContainsKey(parameter.Name)).ToArray();
        if (missing.Length > 0) throw CallErrors.Invalid($"The operation '{operation.Id}' needs {string.Join(" and ", missing.Select(parameter => $"'{parameter.Name}' ({parameter.In})"))}.");
        var body = operation.Body?.Encode(given);
        if (body is null && operation.Body is { IsRequired: true } required) throw CallErrors.Invalid($"The operation '{operation.Id}' needs a body: give '{required.Name}'{(required.Fields.Length == 0 ? "" : $" or its properties ({Names(required.Fields.Select(field => field.Parameter.Name))})")}.");

        // A name that stands in several places goes to each of them.
        var used = operation.Parameters.Where(parameter => given.ContainsKey(parameter.Name)).ToLookup(parameter => parameter.In, StringComparer.Ordinal);
        var uri = HttpCall.Append(operation.Address(given), string.Join('&', used["query"].SelectMany(parameter => parameter.InQuery(given[parameter.Name]))));
        var headers = used["header"].Select(parameter => KeyValuePair.Create(parameter.Name, parameter.InText(given[parameter.Name]))).ToImmutableArray();
        var cookies = string.Join("; ", used["cookie"].Select(parameter => $"{parameter.Name}={Uri.EscapeDataString(parameter.InText(given[parameter.Name]))}"));
        if (cookies.Length > 0) headers = headers.Add(new("Cookie", cookies));
        if (operation.Produces is { Length: > 0 } produces && !headers.Any(header => header.Key.Equals("Accept", StringComparison.OrdinalIgnoreCase)))
        {
            headers = headers.Add(new("Accept", $"{string.Join(", ", produces)}, */*;q=0.1"));
        }
        return HttpCall.Prepare(operation.Method, uri, headers, body, step);
    }

    private static string Unknown(OpenApiOperation operation, string name)
    {
        var known = operation.Parameters.Where(parameter => parameter.In != "body").Select(parameter => parameter.Name)
            .Concat(operation.Body is { } body ? [.. body.Fields.Select(field => field.Parameter.Name), body.Name] : [])
            .Distinct(StringComparer.Ordinal).ToArray();
        return $"The operation '{operation.Id}' has no parameter '{name}'; {(known.Length == 0 ? "it takes none" : $"it takes {Names(known)}")}.";
    }

    private static string Names(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}
