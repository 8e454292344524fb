using System.Collections.Frozen;

namespace Baton.Server.Outbound;

/// <summary>Where a mapped host really stands.</summary>
/// <param name="Scheme">http or https; null to keep the call's own.</param>
internal sealed record MappedHost(string? Scheme, string Host, int Port);

/// <summary>Host names that an operator has sent elsewhere (<see cref="OutboundOptions.HostMap"/>). Immutable.</summary>
internal sealed class HostMap(IReadOnlyDictionary<string, string> entries)
{
    private readonly FrozenDictionary<string, MappedHost> hosts = entries.ToFrozenDictionary(
        entry => entry.Key,
        entry => Parse(entry.Value) ?? throw new ArgumentException($"'{entry.Value}' is no host and port.", nameof(entries)),
        StringComparer.OrdinalIgnoreCase);

    public MappedHost? Find(string host) => hosts.GetValueOrDefault(host);

    /// <summary>The address as the sockets are to see it: only the scheme may differ; the name stays, and is looked up again when a connection is made.</summary>
    public Uri Rewrite(Uri uri)
    {
        if (Find(uri.IdnHost) is not { Scheme: { } scheme } || scheme == uri.Scheme) return uri;
        var port = uri.IsDefaultPort ? -1 : uri.Port;
        return new UriBuilder(uri) { Scheme = scheme, Port = port }.Uri;
    }

    /// <returns>Null when the text is neither <c>host:port</c> nor <c>scheme://host:port</c>.</returns>
    internal static MappedHost? Parse(string text)
    {
        var hasScheme = text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(hasScheme ? text : $"tcp://{text}", UriKind.Absolute, out var uri)) return null;
        if (hasScheme && uri.Scheme is not ("http" or "https")) return null;
        if (uri.Host.Length == 0 || uri.Port <= 0 || uri.UserInfo.Length > 0 || uri.PathAndQuery is not ("/" or "")) return null;
        return new MappedHost(hasScheme ? uri.Scheme : null, uri.IdnHost.Trim('[', ']'), uri.Port);
    }
}
