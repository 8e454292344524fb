using System.Reflection;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>The page of a run, for a browser. It holds nothing of any run: its script asks the API, with the viewer's own credential.</summary>
internal static class RunPage
{
    // The page runs its own files and speaks to this server: what a run's output says can neither load nor send anything.
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; form-action 'none'; frame-ancestors 'none'; base-uri 'none'";

    extension(IEndpointRouteBuilder app)
    {
        public void MapRunPage()
        {
            Map("/runs/{id}", "run.html", "text/html; charset=utf-8");
            Map("/assets/run.css", "run.css", "text/css; charset=utf-8");
            Map("/assets/run.js", "run.js", "text/javascript; charset=utf-8");

            void Map(string path, string file, string type)
            {
                var content = Read(file);
                app.MapGet(path, (HttpContext http) =>
                {
                    var headers = http.Response.Headers;
                    (headers.ContentSecurityPolicy, headers.XContentTypeOptions, headers.CacheControl, headers["Referrer-Policy"]) = (Policy, "nosniff", "no-cache", "no-referrer");
                    return TypedResults.Bytes(content, type);
                }).NeedsNoCredential().ExcludeFromDescription();
            }
        }
    }

    private static byte[] Read(string file)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Baton.Server.Workflows.Pages.{file}")
            ?? throw new InvalidOperationException($"{file} is not in the executable.");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
