using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Microsoft.Extensions.Options;

namespace Baton.Server.Outbound;

/// <summary>A resource as it was read.</summary>
/// <param name="Uri">Where it was found in the end, after redirects.</param>
/// <param name="ETag">The server's mark of this version, if it gave one.</param>
internal sealed record Resource(Uri Uri, string? MediaType, string Text, string? ETag);

/// <summary>Reads what documents refer to: over http and https, and from files below the folders that an operator has opened.</summary>
internal sealed class ResourceReader(OutboundHttp http, IOptions<OutboundOptions> options, TimeProvider time)
{
    private const string Accept = "application/json, application/yaml, application/vnd.oai.openapi+json, application/vnd.oai.openapi, text/yaml, text/*;q=0.8, */*;q=0.5";

    /// <summary>Reads a resource as JSON or YAML.</summary>
    /// <exception cref="WorkflowException">It cannot be read, or is neither.</exception>
    public async Task<JqValue> PerformAsync(EffectRequest.Fetch fetch, StepContext step) => Parse(await ReadAsync(fetch.Resource, step.Cancel));

    /// <summary>Reads a resource as text.</summary>
    /// <exception cref="WorkflowException">It cannot be read.</exception>
    public async Task<Resource> ReadAsync(ResourceReference reference, CancellationToken cancel) =>
        await ReadAsync(reference, etag: null, cancel) ?? throw CallErrors.BadAnswer($"{SafeUri.ForMessage(reference.Uri)} answered 304 to a question that was not asked.");

    /// <param name="etag">The version that is known already.</param>
    /// <returns>Null when the resource is still the version that is known.</returns>
    public async Task<Resource?> ReadAsync(ResourceReference reference, string? etag, CancellationToken cancel)
    {
        if (!reference.Uri.IsAbsoluteUri) throw CallErrors.Invalid($"'{reference.Uri.OriginalString}' is not an absolute URI.");
        if (reference.Uri.IsFile) return await ReadFileAsync(reference.Uri, cancel);
        var request = new OutboundRequest("GET", HttpCall.CheckUri(reference.Uri), [new("Accept", Accept)]);
        if (etag is not null) request = request.With("If-None-Match", etag);
        var exchange = await http.SendAsync(request, reference.Authentication, follow: true, options.Value.MaxDocumentBytes, "Outbound:MaxDocumentBytes", cancel);
        if (etag is not null && exchange.Response.Status == 304) return null;
        HttpCalls.RequireSuccess(exchange, acceptRedirects: false, time);
        var type = exchange.Response.ContentType;
        return new Resource(exchange.Request.Uri, type?.MediaType, ContentTypes.Decode(exchange.Response.Body.Span, type), exchange.Response.Header("ETag"));
    }

    /// <summary>A resource's text as a value: JSON where it is announced as that or begins like it, else YAML.</summary>
    /// <exception cref="WorkflowException">It is neither.</exception>
    public static JqValue Parse(Resource resource)
    {
        var isJson = ContentTypes.IsJson(resource.MediaType) || resource.Uri.AbsolutePath.EndsWith(".json", StringComparison.OrdinalIgnoreCase);
        try
        {
            if (isJson) return JqValue.Parse(resource.Text);
            return LooksLikeJson(resource.Text) && TryParse(resource.Text, out var value) ? value : YamlReader.Read(resource.Text);
        }
        catch (Exception e) when (e is JqParseException or YamlException)
        {
            throw CallErrors.BadAnswer($"{Name(resource.Uri)} is not {(isJson ? "JSON" : "JSON or YAML")}: {e.Message}");
        }
    }

    /// <summary>Who may see a resource: what one credential opened must not be shown to another.</summary>
    public static string KeyOf(ResourceReference reference)
    {
        var who = reference.Authentication switch
        {
            null => "",
            Authentication.Basic basic => $"basic\n{basic.Username}\n{basic.Password}",
            Authentication.Bearer bearer => $"bearer\n{bearer.Token}",
            Authentication.Digest digest => $"digest\n{digest.Username}\n{digest.Password}",
            Authentication.OAuth2 oauth2 => $"oauth2\n{TokenSource.IdentityOf(oauth2)}",
            _ => throw new ArgumentOutOfRangeException(nameof(reference), "Not a known authentication."),
        };
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{reference.Uri.AbsoluteUri}\n{who}")));
    }

    /// <summary>How messages name a resource.</summary>
    public static string Name(Uri uri) => uri.IsFile ? uri.LocalPath : SafeUri.ForMessage(uri);

    private static bool LooksLikeJson(string text) => text.AsSpan().TrimStart() is ['{' or '[', ..];

    private static bool TryParse(string text, out JqValue value)
    {
        value = default;
        try
        {
            value = JqValue.Parse(text);
            return true;
        }
        catch (JqParseException)
        {
            return false;   // YAML's flow style begins like JSON
        }
    }

    private async Task<Resource> ReadFileAsync(Uri uri, CancellationToken cancel)
    {
        if (options.Value.FileRoots.Count == 0) throw CallErrors.Refused("Files may not be read: no folder is opened by Outbound:FileRoots.");
        if (!uri.IsLoopback && uri.Host.Length > 0) throw CallErrors.Refused("Files of other machines may not be read.");
        // What is compared is where the file really stands: a link below a root does not lead out of it.
        var path = RealPath.Of(uri.LocalPath);
        if (path is null || !options.Value.FileRoots.Any(root => RealPath.IsBelow(path, root)))
        {
            // The same words whether it exists or not: that is not for everybody to know.
            throw CallErrors.Refused($"'{uri.LocalPath}' is not a file below a folder of Outbound:FileRoots.");
        }
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, FileOptions.Asynchronous);
            if (!file.CanSeek || file.Length > options.Value.MaxDocumentBytes)
            {
                throw CallErrors.Invalid($"'{uri.LocalPath}' is not a file of at most {options.Value.MaxDocumentBytes} bytes (Outbound:MaxDocumentBytes).");
            }
            var bytes = new byte[file.Length];
            var read = await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancel);
            return new Resource(uri, null, ContentTypes.Decode(bytes.AsSpan(0, read), null), null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CallErrors.Invalid($"'{uri.LocalPath}' cannot be read: {e.GetType().Name}.");
        }
    }
}
