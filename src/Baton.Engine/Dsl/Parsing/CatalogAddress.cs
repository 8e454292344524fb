using System.Diagnostics.CodeAnalysis;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Where functions of a catalog stand: <c>{root}/functions/{name}/{version}/function.yaml</c>, in Git hosts under their raw address.</summary>
internal static class CatalogAddress
{
    /// <summary>Reads <c>name:version@catalog</c>.</summary>
    public static bool TryParse(string call, [NotNullWhen(true)] out string? function, [NotNullWhen(true)] out string? version, [NotNullWhen(true)] out string? catalog)
    {
        (function, version, catalog) = (null, null, null);
        var at = call.LastIndexOf('@');
        var colon = at < 0 ? -1 : call.LastIndexOf(':', at);
        if (colon <= 0 || at - colon < 2 || at == call.Length - 1) return false;
        (function, version, catalog) = (call[..colon], call[(colon + 1)..at], call[(at + 1)..]);
        return true;
    }

    public static Uri Function(Uri root, string function, string version) => Raw(new Uri($"{root.ToString().TrimEnd('/')}/functions/{Uri.EscapeDataString(function)}/{Uri.EscapeDataString(version)}/function.yaml"));

    /// <summary>The machine-readable address of a file that a person would look at on GitHub or GitLab.</summary>
    public static Uri Raw(Uri uri)
    {
        var parts = uri.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (uri.Host == "github.com" && parts is [var owner, var repository, "tree" or "blob", var branch, .. var path]) return new Uri($"https://raw.githubusercontent.com/{owner}/{repository}/{branch}/{string.Join('/', path)}");
        if (uri.Host == "github.com" && parts is [var o, var r, "functions", .. var rest]) return new Uri($"https://raw.githubusercontent.com/{o}/{r}/main/functions/{string.Join('/', rest)}");
        if (uri.Host == "gitlab.com" && uri.AbsolutePath.Contains("/-/tree/", StringComparison.Ordinal)) return new Uri(uri.ToString().Replace("/-/tree/", "/-/raw/", StringComparison.Ordinal));
        return uri;
    }
}
