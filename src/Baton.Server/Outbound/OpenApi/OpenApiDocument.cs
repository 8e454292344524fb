using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>An OpenAPI document (3.x, or Swagger 2.0) as far as calling its operations needs it. Immutable.</summary>
internal sealed class OpenApiDocument
{
    private const int MaxReferences = 32;

    private static readonly string[] Methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace", "query"];

    private readonly JqValue root;

    private OpenApiDocument(JqValue root, Uri uri, string? etag, bool isSwagger)
    {
        this.root = root;
        Uri = uri;
        ETag = etag;
        IsSwagger = isSwagger;
    }

    /// <summary>Where it was found: what its relative addresses are relative to.</summary>
    public Uri Uri { get; }

    public string? ETag { get; }

    /// <summary>True for Swagger 2.0.</summary>
    public bool IsSwagger { get; }

    public JqValue this[string key] => root.Member(key);

    /// <exception cref="WorkflowException">It is no OpenAPI document of a known version.</exception>
    public static OpenApiDocument Read(Resource resource)
    {
        var read = ResourceReader.Parse(resource);
        var version = read.Member("openapi").ScalarOrNull() ?? read.Member("swagger").ScalarOrNull();
        var isSwagger = !read.Member("swagger").IsNull;
        if (version is null || (isSwagger ? version is not ("2.0" or "2") : !version.StartsWith('3')))
        {
            throw CallErrors.BadAnswer($"{ResourceReader.Name(resource.Uri)} is not an OpenAPI document of the versions 2.0 and 3.x{(version is null ? "" : $", but of the version '{version}'")}.");
        }
        return new OpenApiDocument(read, resource.Uri, resource.ETag, isSwagger);
    }

    /// <exception cref="WorkflowException">There is none of this id: the message names those that come nearest.</exception>
    public OpenApiOperation Find(string operationId)
    {
        var known = new List<string>();
        foreach (var (path, item) in root.Member("paths").Members())
        {
            if (item.Member("$ref").TextOrNull() is { } reference && !reference.StartsWith('#')) continue;   // operations in other documents are not known
            var pathItem = Resolve(item);
            foreach (var method in Methods)
            {
                var operation = pathItem.Member(method);
                if (operation.Member("operationId").TextOrNull() is not { } id) continue;
                if (id == operationId) return new OpenApiOperation(this, operationId, method.ToUpperInvariant(), path, pathItem, operation);
                known.Add(id);
            }
        }
        var near = string.Join(", ", Nearest.Few(operationId, known, 3).Select(name => $"'{name}'"));
        throw CallErrors.Invalid($"{ResourceReader.Name(Uri)} has no operation '{operationId}'{(known.Count == 0 ? ", nor any other with an operationId" : near.Length == 0 ? "" : $"; near it are {near}")}.");
    }

    /// <summary>The value itself, or what its <c>$ref</c> stands for.</summary>
    /// <exception cref="WorkflowException">The reference leads out of the document, nowhere, or in circles.</exception>
    public JqValue Resolve(JqValue value)
    {
        var first = "";
        for (var hops = 0; value.Member("$ref").TextOrNull() is { } reference; hops++)
        {
            if (hops == 0) first = reference;
            if (hops == MaxReferences) throw CallErrors.BadAnswer($"{ResourceReader.Name(Uri)}: the reference '{first}' leads in circles.");
            if (!reference.StartsWith('#')) throw CallErrors.BadAnswer($"{ResourceReader.Name(Uri)} refers to '{reference}': only references inside of the document are followed.");
            value = Point(Uri.UnescapeDataString(reference[1..])) ?? throw CallErrors.BadAnswer($"{ResourceReader.Name(Uri)} refers to '{reference}', which it does not hold.");
        }
        return value;
    }

    private JqValue? Point(string pointer)
    {
        var at = root;
        foreach (var step in pointer.Split('/').Skip(1))
        {
            var key = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.TryGetObject(out var members) && members.TryGetValue(key, out var member)) at = member;
            else if (at.TryGetArray(out var items) && int.TryParse(key, out var index) && index >= 0 && index < items.Count) at = items[index];
            else return null;
        }
        return at;
    }
}

/// <summary>Access to documents that may be of any shape: what is not there, or is something else, is null.</summary>
internal static class LenientAccess
{
    public static JqValue Member(this JqValue value, string key) => value.TryGetObject(out var members) && members.TryGetValue(key, out var member) ? member : JqValue.Null;

    public static JqObject Members(this JqValue value) => value.TryGetObject(out var members) ? members : JqObject.Empty;

    public static JqArray Items(this JqValue value) => value.TryGetArray(out var items) ? items : JqArray.Empty;

    public static string? TextOrNull(this JqValue value) => value.TryGetString(out var text) ? text : null;

    public static string? ScalarOrNull(this JqValue value) => value.TextOrNull() ?? (value.IsNumber ? value.ToJson() : null);

    public static bool? BooleanOrNull(this JqValue value) => value.IsBoolean ? value.AsBoolean() : null;
}
