using System.Collections.Immutable;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>One operation of a document: where it is, and what it takes.</summary>
internal sealed class OpenApiOperation
{
    private readonly OpenApiDocument document;
    private readonly string path;
    private readonly JqValue pathItem;
    private readonly JqValue operation;

    public OpenApiOperation(OpenApiDocument document, string id, string method, string path, JqValue pathItem, JqValue operation)
    {
        this.document = document;
        this.path = path;
        this.pathItem = pathItem;
        this.operation = operation;
        Id = id;
        Method = method;
        Parameters = [.. ReadParameters(), .. ReadApiKeys()];
        Body = OpenApiBody.Read(document, operation, Parameters);
    }

    public string Id { get; }

    public string Method { get; }

    /// <summary>All but those that make up the body.</summary>
    public ImmutableArray<OpenApiParameter> Parameters { get; }

    /// <summary>Null when it takes none.</summary>
    public OpenApiBody? Body { get; }

    /// <summary>What it can answer with, for the Accept header; empty when that is not said or is JSON.</summary>
    public ImmutableArray<string> Produces
    {
        get
        {
            var types = document.IsSwagger
                ? (operation.Member("produces").IsNull ? document["produces"] : operation.Member("produces")).Items().Select(type => type.TextOrNull() ?? "")
                : operation.Member("responses").Members().SelectMany(response => document.Resolve(response.Value).Member("content").Members().Keys);
            var all = types.Where(type => type.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).ToImmutableArray();
            return all.Contains(ContentTypes.Json, StringComparer.OrdinalIgnoreCase) ? [] : all;
        }
    }

    /// <summary>The address of the operation with its path parameters put in, without a query.</summary>
    /// <exception cref="WorkflowException">A value cannot stand in a path, or the document names no server.</exception>
    public Uri Address(IReadOnlyDictionary<string, JqValue> values)
    {
        var text = path;
        foreach (var parameter in Parameters.Where(parameter => parameter.In == "path"))
        {
            text = text.Replace($"{{{parameter.Name}}}", parameter.InPath(values[parameter.Name]), StringComparison.Ordinal);
        }
        if (text.Contains('{', StringComparison.Ordinal)) throw CallErrors.BadAnswer($"{ResourceReader.Name(document.Uri)}: the path '{path}' has a parameter that the operation '{Id}' does not describe.");
        return new Uri($"{OpenApiServer.Find(document, pathItem, operation).AbsoluteUri.TrimEnd('/')}/{text.TrimStart('/')}");
    }

    private ImmutableArray<OpenApiParameter> ReadParameters()
    {
        var found = new Dictionary<(string Name, string In), OpenApiParameter>();
        foreach (var raw in pathItem.Member("parameters").Items().Concat(operation.Member("parameters").Items()))
        {
            if (OpenApiParameter.Read(document.Resolve(raw), document.IsSwagger) is { } parameter) found[(parameter.Name, parameter.In)] = parameter;   // the operation's own comes last
        }
        return [.. found.Values];
    }

    /// <summary>The keys that the operation's security schemes ask for: an author gives them like any other parameter.</summary>
    private IEnumerable<OpenApiParameter> ReadApiKeys()
    {
        var schemes = document.IsSwagger ? document["securityDefinitions"] : document["components"].Member("securitySchemes");
        var asked = operation.Member("security").IsNull ? document["security"] : operation.Member("security");
        return
            from name in asked.Items().SelectMany(alternative => alternative.Members().Keys).Distinct(StringComparer.Ordinal)
            let scheme = document.Resolve(schemes.Member(name))
            where scheme.Member("type").TextOrNull() == "apiKey"
            let parameter = OpenApiParameter.Read(scheme, document.IsSwagger)
            where parameter is { In: "query" or "header" or "cookie" }
            select parameter with { IsRequired = false };
    }
}
