using Baton.Client;
using Baton.Engine;
using Baton.Server.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Identity;

/// <summary>Finds the tenant of each request.</summary>
internal static class IdentityModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddIdentity()
        {
            services.AddSettings<CredentialOptions>(CredentialOptions.Section).AddSingleton(provider => Credentials.Load(provider.GetRequiredService<IOptions<CredentialOptions>>().Value, Environment.GetEnvironmentVariable));
            return services.AddSingleton<KeyStore>().AddSingleton<KeyTable>().AddSingleton<Callers>().AddSingleton<KeyFeed>().AddHostedService(provider => provider.GetRequiredService<KeyFeed>());
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Refuses what comes without a known key, once there is one, and what a key is not good for.</summary>
        public void UseIdentity()
        {
            var callers = app.Services.GetRequiredService<Callers>();
            app.Use(async (context, next) =>
            {
                var (caller, problem) = callers.Identify(context.Request.Headers);
                var about = context.GetEndpoint()?.Metadata;
                if (caller is not null)
                {
                    context.Features.Set(caller);
                    // What says nothing of it takes a key for everything: a new endpoint is closed to keys of the gateway until it opens itself.
                    var needs = about?.GetMetadata<OpenEndpoint>() is not null ? KeyScope.Gateway : about?.GetMetadata<NeededScope>()?.Scope ?? KeyScope.Api;
                    if (caller.Scope < needs) problem = Problems.InsufficientScope(caller.Scope.ToName(), needs.ToName());
                }
                else if (about?.GetMetadata<OpenEndpoint>() is not null) problem = null;
                if (problem is not null) await (about?.GetMetadata<RefusalShape>() is { } shape ? shape.Write(context, problem.Problem) : problem.ExecuteAsync(context));
                else await next(context);
            });
        }
    }

    extension(IEndpointRouteBuilder app)
    {
        /// <summary>Keys: made, looked at, changed and ended by whoever administers the tenant.</summary>
        public void MapKeys()
        {
            var keys = app.MapGroup("/api/v1/keys").TakesNamedParameters().WithTags("Keys").WithMetadata(new NeededScope(KeyScope.Admin));
            keys.MapPost("/", KeyEndpoints.Create).WithSummary("Make a key; its secret is in the answer, and never shown again.").Accepts<CreateKey>("application/json").Produces<KeyView>(201).Refuses(400, 403, 413, 415, 503);
            keys.MapGet("/", KeyEndpoints.List).WithSummary("Keys, the newest first.").Takes(("team", "Of this team alone."), ("cursor", "The next_cursor of the page before."), ("limit", "1 to 500; default 50.")).Produces<Page<KeyView>>().Refuses(400, 403);
            keys.MapGet("/{id}", KeyEndpoints.Get).WithSummary("One key.").Produces<KeyView>().Refuses(400, 403, 404);
            keys.MapPatch("/{id}", KeyEndpoints.Change).WithSummary("Change what is given; what is absent stays.").Accepts<ChangeKey>("application/json").Produces<KeyView>().Refuses(400, 403, 404, 413, 415, 503);
            keys.MapDelete("/{id}", KeyEndpoints.Remove).WithSummary("Remove a key for good.").Produces(204).Refuses(400, 403, 404, 503);
            keys.MapPost("/{id}/rotate", KeyEndpoints.Rotate).WithSummary("Give a key another secret; the one before stays good for a while.").Accepts<RotateKey>("application/json").Produces<KeyView>().Refuses(400, 403, 404, 413, 415, 503);
        }
    }

    extension(RouteHandlerBuilder endpoint)
    {
        /// <summary>Marks an endpoint that says nothing about anybody's work.</summary>
        public RouteHandlerBuilder NeedsNoCredential() => endpoint.WithMetadata(new OpenEndpoint());

        /// <summary>Closes an endpoint to all keys but those of administrators.</summary>
        public RouteHandlerBuilder TakesAdminKeys() => endpoint.WithMetadata(new NeededScope(KeyScope.Admin));
    }

    extension(IEndpointConventionBuilder endpoint)
    {
        /// <summary>Says in its own words why a caller is not let in: a problem is not what the endpoint's clients can read.</summary>
        public void RefusesCallersWith(Func<HttpContext, Problem, Task> write) => endpoint.Add(builder => builder.Metadata.Add(new RefusalShape(write)));

        /// <summary>Opens an endpoint to keys that are for the gateway alone.</summary>
        public void TakesGatewayKeys() => endpoint.Add(builder => builder.Metadata.Add(new NeededScope(KeyScope.Gateway)));
    }

    extension(HttpContext context)
    {
        /// <summary>Whose request this is.</summary>
        public TenantId Tenant => context.Caller.Tenant;

        /// <summary>The name of the credential; "local" where none is needed.</summary>
        public string CallerName => context.Caller.Name;

        public Caller Caller => context.Features.Get<Caller>() ?? throw new InvalidOperationException("The request was not identified.");
    }

    private sealed record OpenEndpoint;

    private sealed record NeededScope(KeyScope Scope);

    private sealed record RefusalShape(Func<HttpContext, Problem, Task> Write);
}
