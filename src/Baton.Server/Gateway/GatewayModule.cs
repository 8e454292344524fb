using Baton.Server.Identity;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>Language models: for applications at <c>/v1</c>, and for the features of this server.</summary>
internal static class GatewayModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddGateway()
        {
            services.AddSettings<GatewayOptions>(GatewayOptions.Section)
                .AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>().AddSingleton<IValidateOptions<GatewayOptions>, GatewayRules>();
            services.AddSingleton<RouteTable>().AddSingleton<TargetCaller>().AddSingleton<RouteCaller>().AddSingleton<BuiltInCompletions>().AddSingleton<Forwarder>();
            return services.AddSingleton<ExtractModel>().AddSingleton<EchoModel>().AddSingleton<ModelCaller>();
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        public void MapGateway()
        {
            var v1 = app.MapGroup("/v1").ExcludeFromDescription();   // other people's APIs, described by them
            foreach (var surface in Surface.All)
            {
                v1.MapPost(surface.Path, (HttpContext http) => http.RequestServices.GetRequiredService<Forwarder>().HandleAsync(http, surface)).RefusesCallersWith(http => Unauthorized(http, surface.Dialect));
            }
            v1.MapGet("/models", (HttpContext http, RouteTable routes) => ModelList.List(http, routes)).RefusesCallersWith(http => Unauthorized(http, Dialect.OpenAi));
            v1.MapGet("/models/{**model}", (HttpContext http, RouteTable routes, string model) => ModelList.Get(http, routes, model)).RefusesCallersWith(http => Unauthorized(http, Dialect.OpenAi));
        }
    }

    private static Task Unauthorized(HttpContext http, Dialect dialect) =>
        new GatewayError(401, "authentication_error", "invalid_api_key", "Send a key that this server knows, as 'Authorization: Bearer KEY' or 'x-api-key: KEY'.").WriteAsync(http, dialect, http.TraceIdentifier);
}
