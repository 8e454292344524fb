using Baton.Server.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Baton.Server.Tests.Support;

/// <summary>An endpoint as the server has it: whoever adds one has it tested with the others.</summary>
internal sealed record ApiEndpoint(string Method, string Pattern, RouteEndpoint Route)
{
    public IReadOnlyList<string> PathParameters => [.. Route.RoutePattern.Parameters.Select(parameter => parameter.Name)];

    public Parameters? Parameters => Route.Metadata.GetMetadata<Parameters>();

    /// <summary>Compatible with somebody else's API, and so with its shape of errors.</summary>
    public bool IsForeign => Pattern.StartsWith("/v1/", StringComparison.Ordinal);

    public bool IsHealth => Pattern.StartsWith("/health", StringComparison.Ordinal);

    /// <summary>Baton's own API: problem details, named parameters.</summary>
    public bool IsApi => Pattern.StartsWith("/api/", StringComparison.Ordinal) || Pattern.StartsWith("/workflows/", StringComparison.Ordinal);

    public bool TakesBody => Method is "POST" or "PUT" or "PATCH";

    public static IReadOnlyList<ApiEndpoint> All(TestServer server) =>
    [
        .. from source in server.Services.GetServices<EndpointDataSource>()
           from endpoint in source.Endpoints.OfType<RouteEndpoint>()
           from method in endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []
           let pattern = "/" + endpoint.RoutePattern.RawText!.Trim('/')
           where !pattern.StartsWith("/openapi", StringComparison.Ordinal)
           orderby pattern, method
           select new ApiEndpoint(method, pattern, endpoint),
    ];

    /// <summary>Its address with these values for the parameters of its path, as they are to stand there.</summary>
    public string Path(Func<string, string> value) =>
        "/" + string.Join('/', Route.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => value(parameter.Name),
            _ => "",
        }))));

    public override string ToString() => $"{Method} {Pattern}";
}
