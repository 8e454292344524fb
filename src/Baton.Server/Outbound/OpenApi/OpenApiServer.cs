using System.Text.RegularExpressions;
using Baton.Engine;
using Baton.Jq;

namespace Baton.Server.Outbound;

/// <summary>Finds the server that a document's operations are called at.</summary>
internal static partial class OpenApiServer
{
    /// <returns>Absolute, http or https.</returns>
    /// <exception cref="WorkflowException">The document names none that can be called.</exception>
    public static Uri Find(OpenApiDocument document, JqValue pathItem, JqValue operation)
    {
        var found = document.IsSwagger ? OfSwagger(document, operation) : OfServers(document, pathItem, operation);
        if (found is { Scheme: "http" or "https" }) return found;
        throw CallErrors.BadAnswer($"{ResourceReader.Name(document.Uri)} does not say at which http or https server its operations are.");
    }

    private static Uri? OfSwagger(OpenApiDocument document, JqValue operation)
    {
        var own = document.Uri.IsFile ? null : document.Uri;
        var schemes = (operation.Member("schemes").IsNull ? document["schemes"] : operation.Member("schemes")).Items().Select(scheme => scheme.TextOrNull()).ToArray();
        var scheme = schemes.Length == 0 || schemes.Contains(own?.Scheme, StringComparer.Ordinal) ? own?.Scheme
            : schemes.Contains("https", StringComparer.Ordinal) ? "https"
            : schemes[0];
        var host = document["host"].TextOrNull() ?? own?.Authority;
        return host is not null && Uri.TryCreate($"{scheme ?? "https"}://{host}{Rooted(document["basePath"].TextOrNull())}", UriKind.Absolute, out var uri) ? uri : null;
    }

    private static string Rooted(string? path) => string.IsNullOrEmpty(path) ? "/" : path.StartsWith('/') ? path : $"/{path}";

    private static Uri? OfServers(OpenApiDocument document, JqValue pathItem, JqValue operation)
    {
        // The innermost list counts; the first of a list is the one to call.
        var server = new[] { operation, pathItem }.Select(holder => holder.Member("servers")).Append(document["servers"])
            .FirstOrDefault(servers => servers.Items().Count > 0)[0];
        var variables = server.Member("variables");
        var url = Variable().Replace(server.Member("url").TextOrNull() ?? "/", match => variables.Member(match.Groups["name"].Value).Member("default").ScalarOrNull() ?? match.Value);
        return Uri.TryCreate(document.Uri, url, out var uri) ? uri : null;
    }

    [GeneratedRegex(@"\{(?<name>[^{}]+)\}", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Variable();
}
