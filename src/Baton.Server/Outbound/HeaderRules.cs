using System.Buffers;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text;
using Baton.Engine;

namespace Baton.Server.Outbound;

/// <summary>Which methods and headers a workflow may send.</summary>
internal static class HeaderRules
{
    /// <summary>Of which a token consists (RFC 9110, section 5.6.2).</summary>
    private const string Token = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> TokenChars = SearchValues.Create(Token);
    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create(Encoding.ASCII.GetBytes(Token));
    private static readonly SearchValues<char> LineChars = SearchValues.Create("\r\n\0");

    // They belong to one connection (RFC 9110, section 7.6.1) or follow from the body: this server sets them.
    private static readonly FrozenSet<string> Framing = new[]
    {
        "Connection", "Content-Length", "Expect", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly SearchValues<char> NameEnds = SearchValues.Create("\r\n\0: ");

    private static readonly string[] UpperCased = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "QUERY", "CONNECT"];

    private static readonly string[] Safe = ["GET", "HEAD", "OPTIONS", "TRACE", "QUERY"];

    /// <summary>The method as it is sent: the usual ones in capitals, any other as it is written (methods are case-sensitive).</summary>
    /// <exception cref="WorkflowException">It is no method, or one that cannot be called.</exception>
    public static string Method(string method)
    {
        if (method.Length == 0 || method.AsSpan().ContainsAnyExcept(TokenChars)) throw CallErrors.Invalid($"'{method}' is no HTTP method.");
        var known = UpperCased.FirstOrDefault(m => m.Equals(method, StringComparison.OrdinalIgnoreCase));
        return known == "CONNECT" ? throw CallErrors.Invalid("The method CONNECT opens tunnels and cannot be called.") : known ?? method;
    }

    /// <summary>Whether a header is for whoever sends the message to set.</summary>
    public static bool IsFraming(string name) => Framing.Contains(name);

    /// <summary>Whether a name and a value, written one behind the other, are one header and no more.</summary>
    public static bool IsOne(string name, string value) => name.Length > 0 && !name.AsSpan().ContainsAny(NameEnds) && !value.AsSpan().ContainsAny(LineChars);

    /// <summary>Whether it may be the name of a header.</summary>
    public static bool IsToken(ReadOnlySpan<byte> name) => !name.IsEmpty && !name.ContainsAnyExcept(TokenBytes);

    /// <summary>Whether a header is written in what all readers of HTTP take: its name a token, its value in visible ASCII, spaces and tabs.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (!IsToken(name)) return false;
        while (value.IndexOfAnyExceptInRange((byte)' ', (byte)'~') is >= 0 and var at)
        {
            if (value[at] != '\t') return false;
            value = value[(at + 1)..];
        }
        return true;
    }

    /// <inheritdoc cref="IsPlain(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public static bool IsPlain(string name, string value) => name.Length > 0 && !name.AsSpan().ContainsAnyExcept(TokenChars) && value.All(static c => c is '\t' or (>= ' ' and <= '~'));

    public static bool IsSafe(string method) => Safe.Contains(method, StringComparer.Ordinal);

    /// <exception cref="WorkflowException">A header may not be set, or cannot be sent. The message never holds a value.</exception>
    public static void Check(ImmutableArray<KeyValuePair<string, string>> headers, Uri target)
    {
        foreach (var (name, value) in headers)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenChars)) throw CallErrors.Invalid($"'{name}' is no name of an HTTP header.");
            if (value.AsSpan().ContainsAny(LineChars)) throw CallErrors.Invalid($"The value of the header '{name}' holds a line break or a null.");
            if (IsFraming(name) || name.Equals("Proxy-Authorization", StringComparison.OrdinalIgnoreCase)) throw CallErrors.Invalid($"The header '{name}' is set by the server and cannot be given.");
            // Another Host than the one that was resolved and checked would reach a site that nobody named.
            if (name.Equals("Host", StringComparison.OrdinalIgnoreCase) && !value.Equals(target.Authority, StringComparison.OrdinalIgnoreCase) && !value.Equals(target.Host, StringComparison.OrdinalIgnoreCase))
            {
                throw CallErrors.Invalid("The header 'Host' follows from the URI and cannot name another host.");
            }
        }
    }
}
