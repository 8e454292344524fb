using System.Text.Json;
using Baton.Client;
using Baton.Server.Cluster;
using Baton.Server.Http;
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
                .AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>().AddSingleton<IValidateOptions<GatewayOptions>, GatewayRules>().AddSingleton<IValidateOptions<GatewayOptions>, LimitOptionRules>();
            services.AddSettings<UsageOptions>(UsageOptions.Section).AddSingleton<IValidateOptions<UsageOptions>, UsageOptionsValidator>();
            services.AddSingleton<PriceTable>().AddSingleton<UsageStore>().AddSingleton<GatewayMetrics>().AddSingleton<UsageLedger>();
            services.AddSingleton<UsageWriter>().AddHostedService(provider => provider.GetRequiredService<UsageWriter>());
            services.AddSingleton<UsageRetention>().AddHostedService(provider => provider.GetRequiredService<UsageRetention>());
            services.AddSingleton<ResponseStore>().AddSingleton<KeptResponses>().AddSingleton<ResponseRetention>().AddHostedService(provider => provider.GetRequiredService<ResponseRetention>());
            services.AddSingleton<LimitGate>().AddSingleton(static provider =>
            {
                var nodes = new Lazy<NodeRegistry>(provider.GetRequiredService<NodeRegistry>);
                return new Limiter(provider.GetRequiredService<TimeProvider>(), () => nodes.Value.Gateways, provider.GetRequiredService<IOptions<GatewayOptions>>().Value.Limits.MaxWaiting);
            });
            services.AddSingleton<RouteTable>().AddSingleton<TargetCaller>().AddSingleton<Hedging>().AddSingleton<RouteCaller>().AddSingleton<BuiltInCompletions>().AddSingleton<QuestionEmbedder>().AddSingleton<AnswerCache>().AddSingleton<ResumableStreams>().AddSingleton<Forwarder>();
            services.AddSingleton<RouteStore>().AddSingleton<RouteExplainer>().AddSingleton<RouteLoader>().AddHostedService(provider => provider.GetRequiredService<RouteLoader>());
            services.AddSingleton<TargetProber>().AddHostedService(provider => provider.GetRequiredService<TargetProber>());
            services.AddBudgets();
            return services.AddSingleton<ExtractModel>().AddSingleton<EchoModel>().AddSingleton<StepAnswers>().AddSingleton<ModelCaller>();
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        public void MapGateway()
        {
            var v1 = app.MapGroup("/v1").ExcludeFromDescription();   // other people's APIs, described by them
            v1.TakesGatewayKeys();
            v1.RefusesCallersWith(GatewayDoor.RefuseCaller);
            foreach (var surface in Surface.All) v1.MapPost(surface.Path, (HttpContext http) => http.RequestServices.GetRequiredService<Forwarder>().HandleAsync(http, surface));
            v1.MapGet("/responses/{id}", ResponseEndpoints.Get);
            v1.MapDelete("/responses/{id}", ResponseEndpoints.Remove);
            v1.MapGet("/responses/{id}/input_items", ResponseEndpoints.ListInput);
            v1.MapGet("/models", (HttpContext http, RouteTable routes) => ModelList.List(http, routes));
            v1.MapGet("/models/{**model}", (HttpContext http, RouteTable routes, string model) => ModelList.Get(http, routes, model));
            v1.Map("/{**address}", GatewayDoor.RefuseAddress);
            app.MapGroup("/debug").TakesNamedParameters().MapPost("/route", RouteEndpoints.Explain).WithTags("Routes").WithSummary("Who would be asked with this request, and why. Nobody is.")
                .Takes(("surface", "The address that the request is for; default /v1/chat/completions."), ("key", "The name of the key that it would be sent with; default the caller's own.")).Accepts<JsonElement>("application/json").Produces<RouteExplanation>().Refuses(400, 403, 413, 415);
        }

        public void MapRoutes()
        {
            var routes = app.MapGroup("/api/v1/routes").TakesNamedParameters().WithTags("Routes");
            routes.MapGet("/", RouteEndpoints.List).WithSummary("Every model that can be asked for, with its targets and how they are.").Produces<Page<RouteView>>().Refuses(400);
            routes.MapGet("/{**name}", RouteEndpoints.Get).WithSummary("One of them; of one's own with its settings and version.").Produces<RouteView>().Refuses(400, 404);
            routes.MapPut("/{**name}", RouteEndpoints.Put).WithSummary("Put a route of one's own: a model's settings, their names in snake_case. In force here when answered.").Takes(IfMatch, ("If-None-Match", "* for a route that must not be there yet."))
                .Accepts<JsonElement>("application/json").Produces<RouteView>(201).Produces<RouteView>().Refuses(400, 409, 412, 413, 415, 422, 503);
            routes.MapDelete("/{**name}", RouteEndpoints.Remove).WithSummary("Remove a route of one's own.").Takes(IfMatch).Produces(204).Refuses(400, 404, 412, 503);
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        /// <summary>The part of the API that tells what was used.</summary>
        public void MapUsage()
        {
            var usage = app.MapGroup("/api/v1/usage").TakesNamedParameters().WithTags("Usage");
            usage.MapGet("/", UsageEndpoints.Sum).WithSummary("What calls of models used and cost, by hour, day, model, key, team or target.")
                .Takes([("by", "hour, day (the default), model, key, team or target."), .. UsageEndpoints.Filters, ("limit", "Groups: 1 to 10,000; default 1,000.")]).Produces<UsageView>().Refuses(400);
            usage.MapGet("/requests", UsageEndpoints.List).WithSummary("Single calls of models, the newest first.")
                .Takes([.. UsageEndpoints.Filters, ("run", "The run whose steps asked."), ("outcome", "completed, refused, failed, cancelled, broken or cached."), ("limit", "1 to 500; default 50.")]).Produces<Page<UsageRequestView>>().Refuses(400);
        }
    }

    private static readonly (string, string) IfMatch = ("If-Match", "The version that is changed, as the ETag has it; without it, whatever there is.");
}
