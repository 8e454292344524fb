using Baton.Engine;
using Baton.Server.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Identity;

/// <summary>Finds the tenant of each request.</summary>
internal static class IdentityModule
{
    extension(IServiceCollection services)
    {
        public IServiceCollection AddIdentity() =>
            services.AddSettings<CredentialOptions>(CredentialOptions.Section).AddSingleton(provider => Credentials.Load(provider.GetRequiredService<IOptions<CredentialOptions>>().Value, Environment.GetEnvironmentVariable));
    }

    extension(WebApplication app)
    {
        /// <summary>Refuses what comes without a known key, once there is one.</summary>
        public void UseIdentity()
        {
            var credentials = app.Services.GetRequiredService<Credentials>();
            app.Use(async (context, next) =>
            {
                var (caller, problem) = Identify(context.Request, credentials);
                if (caller is not null) context.Features.Set(caller);
                else if (context.GetEndpoint()?.Metadata.GetMetadata<OpenEndpoint>() is null)
                {
                    await (context.GetEndpoint()?.Metadata.GetMetadata<RefusalShape>() is { } shape && problem!.StatusCode == 401 ? shape.Write(context) : problem!.ExecuteAsync(context));
                    return;
                }
                await next(context);
            });
        }
    }

    extension(RouteHandlerBuilder endpoint)
    {
        /// <summary>Marks an endpoint that says nothing about anybody's work.</summary>
        public RouteHandlerBuilder NeedsNoCredential() => endpoint.WithMetadata(new OpenEndpoint());
    }

    extension(IEndpointConventionBuilder endpoint)
    {
        /// <summary>Says in its own words that a credential is missing: a problem is not what the endpoint's clients can read.</summary>
        public void RefusesCallersWith(Func<HttpContext, Task> write) => endpoint.Add(builder => builder.Metadata.Add(new RefusalShape(write)));
    }

    extension(HttpContext context)
    {
        /// <summary>Whose request this is.</summary>
        public TenantId Tenant => context.Features.Get<Caller>()?.Tenant ?? throw new InvalidOperationException("The request was not identified.");

        /// <summary>The name of the credential; "local" where none is needed.</summary>
        public string CallerName => context.Features.Get<Caller>()?.Name ?? throw new InvalidOperationException("The request was not identified.");
    }

    private static (Caller? Caller, ProblemResult? Problem) Identify(HttpRequest request, Credentials credentials)
    {
        if (!credentials.AreConfigured) return LocalCallers.Refuse(request) is { } foreign ? (null, foreign) : (new Caller(TenantId.Default, "local"), null);
        return Presented(request) is { } key && credentials.Find(key) is var (tenant, name) ? (new Caller(tenant, name), null) : (null, Problems.Unauthorized());
    }

    private static string? Presented(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return header[Scheme.Length..].Trim();
        return request.Headers["x-api-key"].ToString() is { Length: > 0 } key ? key : null;   // how Anthropic's clients say it
    }

    private sealed record Caller(TenantId Tenant, string Name);

    private sealed record OpenEndpoint;

    private sealed record RefusalShape(Func<HttpContext, Task> Write);
}
