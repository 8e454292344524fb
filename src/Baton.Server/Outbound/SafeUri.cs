using System.Text;

namespace Baton.Server.Outbound;

/// <summary>Addresses as they may be shown.</summary>
internal static class SafeUri
{
    /// <summary>For messages: without user info, and with the names but not the values of the query.</summary>
    public static string ForMessage(Uri uri)
    {
        var text = new StringBuilder(uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped));
        var separator = '?';
        foreach (var (name, _) in Query(uri))
        {
            text.Append(separator).Append(name).Append("=…");
            separator = '&';
        }
        return text.ToString();
    }

    /// <summary>For a workflow's data: without user info, and without the values of query parameters that look like credentials.</summary>
    public static string ForOutput(Uri uri)
    {
        var text = new StringBuilder(uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped));
        var separator = '?';
        foreach (var (name, value) in Query(uri))
        {
            text.Append(separator).Append(name);
            if (value is not null) text.Append('=').Append(Secrets.IsCredential(name) ? "***" : value);
            separator = '&';
        }
        return text.ToString();
    }

    /// <summary>Values of the query that look like credentials, decoded.</summary>
    public static IEnumerable<string> SecretsIn(Uri uri) =>
        from parameter in Query(uri)
        where parameter.Value is { Length: > 0 } && Secrets.IsCredential(parameter.Name)
        select Uri.UnescapeDataString(parameter.Value!.Replace('+', ' '));

    private static IEnumerable<(string Name, string? Value)> Query(Uri uri)
    {
        var query = uri.GetComponents(UriComponents.Query, UriFormat.UriEscaped);
        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var end = pair.IndexOf('=', StringComparison.Ordinal);
            yield return end < 0 ? (pair, null) : (pair[..end], pair[(end + 1)..]);
        }
    }
}
