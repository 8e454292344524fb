using System.Net;
using System.Net.Sockets;

namespace Baton.Server.Outbound;

/// <summary>What kind of place an IP address is, as far as outgoing calls care.</summary>
internal enum AddressKind
{
    /// <summary>Anything that is not listed below.</summary>
    Public,

    /// <summary>Loopback and the ranges for private use (RFC 1918, RFC 4193, RFC 6598, RFC 2544).</summary>
    Private,

    /// <summary>
    /// Link-local (where clouds answer with a machine's credentials), the metadata services that stand outside of it, multicast,
    /// reserved, "this network" and the unspecified address: nothing that a workflow has any business with.
    /// </summary>
    Forbidden,
}

/// <summary>
/// Which addresses outgoing calls may reach. It judges the address that a socket is about to connect to, never a name: a name that
/// resolves to something else the second time, a redirect or an unusual spelling all end here.
/// </summary>
internal sealed class AddressPolicy(bool allowPrivate)
{
    // Metadata services outside of the link-local ranges.
    private static readonly IPAddress[] Metadata =
    [
        IPAddress.Parse("100.100.100.200"),   // Alibaba Cloud
        IPAddress.Parse("168.63.129.16"),     // Azure's host endpoint
        IPAddress.Parse("fd00:ec2::254"),     // AWS
        IPAddress.Parse("fd20:ce::254"),      // Google Cloud
        IPAddress.Parse("fd00:42::42"),       // Scaleway
    ];

    // IPv6 prefixes that carry an IPv4 address, and where it stands in them.
    private static readonly (IPNetwork Prefix, int Offset)[] Carriers =
    [
        (IPNetwork.Parse("::ffff:0:0/96"), 12),     // mapped
        (IPNetwork.Parse("::ffff:0:0:0/96"), 12),   // translated (RFC 2765)
        (IPNetwork.Parse("64:ff9b::/96"), 12),      // NAT64
        (IPNetwork.Parse("2002::/16"), 2),          // 6to4
    ];

    private static readonly IPNetwork[] ForbiddenRanges = Ranges(
        "0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/128", "fe80::/10", "ff00::/8", "2001::/32" /* Teredo: carries an address in disguise */);

    private static readonly IPNetwork[] PrivateRanges = Ranges(
        "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15",
        "::/96" /* loopback, and the IPv4-compatible form that nothing uses any more */, "64:ff9b:1::/48", "fc00::/7", "fec0::/10");

    /// <summary>Null when the address may be reached, else why not.</summary>
    /// <param name="isConfigured">True when an operator, not a workflow, has named the host: it may then be private.</param>
    public string? Refuse(IPAddress address, bool isConfigured) => Classify(address) switch
    {
        AddressKind.Public => null,
        AddressKind.Private when allowPrivate || isConfigured => null,
        AddressKind.Private => "it is at a private or loopback address; set Outbound:AllowPrivate to true if workflows may call those",
        _ => "it is at a link-local, metadata, multicast or reserved address, which workflows may never call",
    };

    internal static AddressKind Classify(IPAddress address)
    {
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            Span<byte> bytes = stackalloc byte[16];
            address.TryWriteBytes(bytes, out _);
            var plain = new IPAddress(bytes);   // without its scope id
            foreach (var (prefix, offset) in Carriers)
            {
                if (prefix.Contains(plain)) return Classify(new IPAddress(bytes.Slice(offset, 4)));
            }
            address = plain;
        }
        if (Metadata.Contains(address)) return AddressKind.Forbidden;
        if (ForbiddenRanges.Any(range => range.Contains(address))) return AddressKind.Forbidden;
        return PrivateRanges.Any(range => range.Contains(address)) ? AddressKind.Private : AddressKind.Public;
    }

    private static IPNetwork[] Ranges(params string[] ranges) => [.. ranges.Select(IPNetwork.Parse)];
}

/// <summary>A connection that the policy did not allow.</summary>
internal sealed class AddressRefusedException(string message) : IOException(message);
