using System.Collections.Immutable;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Baton.Server.Http;

/// <summary>A parameter in the query, or a header that an endpoint looks at.</summary>
internal sealed record Parameter(string Name, string Description, ParameterLocation In = ParameterLocation.Query);

/// <summary>All parameters of an endpoint beside those of its path. What is not listed is refused: a misspelt filter must not widen a list in silence.</summary>
internal sealed record Parameters(ImmutableArray<Parameter> All)
{
    public static readonly Parameters None = new([]);

    /// <summary>What of the query is not among them, or stands twice.</summary>
    public ProblemResult? Refuse(IQueryCollection query)
    {
        foreach (var (name, values) in query)
        {
            if (!All.Any(known => known.In == ParameterLocation.Query && known.Name == name))
            {
                var known = string.Join(", ", All.Where(parameter => parameter.In == ParameterLocation.Query).Select(parameter => parameter.Name));
                return Problems.InvalidQuery(name, $"There is no parameter '{name}'. Parameters here: {(known.Length == 0 ? "none" : known)}.");
            }
            if (values.ToString().Contains('\0', StringComparison.Ordinal)) return Problems.InvalidQuery(name, $"'{name}' holds a character that no text here may hold: U+0000.");
            if (values.Count > 1) return Problems.InvalidQuery(name, $"'{name}' stands {values.Count} times. Give it once.");
        }
        return null;
    }

    /// <summary>Shows them in the API's description.</summary>
    public static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancel)
    {
        var shown = context.Description.ActionDescriptor.EndpointMetadata.OfType<Parameters>().LastOrDefault();
        foreach (var one in shown?.All ?? [])
        {
            (operation.Parameters ??= []).Add(new OpenApiParameter { Name = one.Name, In = one.In, Description = one.Description, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
        }
        return Task.CompletedTask;
    }
}

internal static class ParametersModule
{
    extension(RouteGroupBuilder group)
    {
        /// <summary>Refuses parameters that an endpoint of the group does not name with <c>Takes</c>.</summary>
        public RouteGroupBuilder TakesNamedParameters()
        {
            group.WithMetadata(Parameters.None).AddEndpointFilter(async (context, next) =>
                context.HttpContext.GetEndpoint()!.Metadata.GetMetadata<Parameters>()!.Refuse(context.HttpContext.Request.Query) is { } problem ? problem : await next(context));
            return group;
        }
    }

    extension(RouteHandlerBuilder endpoint)
    {
        public RouteHandlerBuilder Takes(params ReadOnlySpan<(string Name, string Description)> parameters)
        {
            var all = ImmutableArray.CreateBuilder<Parameter>();
            // A name in capitals is a header's.
            foreach (var (name, description) in parameters) all.Add(new Parameter(name, description, char.IsUpper(name[0]) ? ParameterLocation.Header : ParameterLocation.Query));
            return endpoint.WithMetadata(new Parameters(all.ToImmutable()));
        }
    }
}
