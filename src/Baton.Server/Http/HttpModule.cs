using System.Data.Common;
using Baton.Client;
using Baton.Engine;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Baton.Server.Http;

/// <summary>Request limits and the shape of errors.</summary>
internal static class HttpModule
{
    /// <summary>Longer than any address that is accepted: a value that is too long is refused with its name, not by the server's parser.</summary>
    private const int MaxRequestLine = 32 * 1024;

    extension(IServiceCollection services)
    {
        /// <param name="describesItself">Whether <c>/openapi</c> is served; what makes it takes a few MB.</param>
        public IServiceCollection AddHttp(bool describesItself)
        {
            services.AddSettings<HttpOptions>(HttpOptions.Section).AddSingleton<IValidateOptions<HttpOptions>, HttpOptionsValidator>();
            services.AddOptions<KestrelServerOptions>().Configure<IOptions<HttpOptions>>((kestrel, http) =>
            {
                kestrel.AddServerHeader = false;
                kestrel.Limits.MaxRequestLineSize = MaxRequestLine;
                kestrel.Limits.MaxRequestBodySize = RequestBody.MostTaken(http.Value.MaxRequestBytes);
            });
            services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Web));
            if (describesItself) services.AddOpenApi("v1", openApi => openApi.AddDocumentTransformer((document, _, _) =>
            {
                document.Info.Title = "Baton";
                document.Info.Description = "Durable workflows and their runs. Errors are problem details (RFC 9457).";
                return Task.CompletedTask;
            }).AddOperationTransformer(Parameters.Describe));
            services.AddOptions<HostOptions>().PostConfigure<IOptions<HttpOptions>>((host, http) => host.ShutdownTimeout += http.Value.ShutdownDelay);
            return services.AddSingleton<RequestBody>().AddHostedService<ShutdownDelay>();
        }
    }

    extension(WebApplication app)
    {
        /// <summary>Closes connections with their next answer once the server is told to stop: a client that keeps one open would send into a closed door.</summary>
        public void UseGoodbyes()
        {
            var stopping = app.Lifetime.ApplicationStopping;
            app.Use((context, next) =>
            {
                if (stopping.IsCancellationRequested) context.Response.Headers.Connection = "close";
                return next(context);
            });
        }

        /// <summary>The catch-all of the HTTP edge: whatever an endpoint throws becomes a problem.</summary>
        public void UseProblems()
        {
            app.UseExceptionHandler(new ExceptionHandlerOptions
            {
                SuppressDiagnosticsCallback = context => context.Exception is StorageUnavailableException or DbException or Microsoft.AspNetCore.Http.BadHttpRequestException,
                ExceptionHandler = async context => await For(context.Features.Get<IExceptionHandlerFeature>()!.Error, context).ExecuteAsync(context),
            });
            app.UseStatusCodePages(async context =>
            {
                var http = context.HttpContext;
                var problem = http.Response.StatusCode switch
                {
                    404 => Problems.NotFound(http.Request.Path),
                    405 => Problems.Of("method-not-allowed", 405, "The method is not allowed here", $"{http.Request.Method} is not possible at {http.Request.Path}; allowed: {http.Response.Headers.Allow}."),
                    415 => Problems.WrongMediaType(http.Request.ContentType, "application/json, or what else /openapi/v1.json names for this address"),
                    _ => Problems.Of("refused", http.Response.StatusCode, "The request was refused", $"Status {http.Response.StatusCode}."),
                };
                await problem.ExecuteAsync(http);
            });
        }
    }

    extension(RouteHandlerBuilder endpoint)
    {
        /// <summary>Documents the refusals of an endpoint; a missing credential is one of every endpoint's.</summary>
        public void Refuses(params ReadOnlySpan<int> statuses)
        {
            foreach (var status in statuses) endpoint.Produces<Problem>(status, "application/problem+json");
            endpoint.Produces<Problem>(401, "application/problem+json");
        }
    }

    private static ProblemResult For(Exception e, HttpContext context) => e switch
    {
        StorageUnavailableException storage => Problems.StorageUnavailable(storage.Message),
        Microsoft.AspNetCore.Http.BadHttpRequestException { StatusCode: 413 } => Problems.TooLarge(context.RequestServices.GetRequiredService<IOptions<HttpOptions>>().Value.MaxRequestBytes),
        Microsoft.AspNetCore.Http.BadHttpRequestException bad => Problems.Of("invalid-request", bad.StatusCode, "The request is not valid", bad.Message),
        DbException { SqlState: "22021" } => Problems.Of("invalid-request", 400, "The request is not valid", "A text in it holds a character that no text here may hold: U+0000."),
        // Reads go to the database without a queue: what they throw is the storage's, and has its words.
        DbException storage => Problems.StorageUnavailable($"The storage cannot be read: {storage.Message} See GET /health/detailed."),
        _ => Problems.Internal(),
    };
}
