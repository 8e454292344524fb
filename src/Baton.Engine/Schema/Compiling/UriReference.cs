namespace Baton.Engine.Schema;

/// <summary>URI references (RFC 3986) taken apart and resolved, as text: <see cref="Uri"/> rewrites what it reads, and identifiers are compared letter by letter.</summary>
internal readonly struct UriReference
{
    private UriReference(string? scheme, string? authority, string path, string? query, string? fragment)
    {
        Scheme = scheme;
        Authority = authority;
        Path = path;
        Query = query;
        Fragment = fragment;
    }

    public string? Scheme { get; }

    public string? Authority { get; }

    public string Path { get; }

    public string? Query { get; }

    /// <summary>What follows the hash, still percent-encoded; null without a hash.</summary>
    public string? Fragment { get; }

    /// <summary>Takes any text apart (RFC 3986, appendix B).</summary>
    public static UriReference Parse(string text)
    {
        var rest = text.AsSpan();
        string? scheme = null, authority = null, query = null, fragment = null;
        if (rest.IndexOf('#') is >= 0 and var hash)
        {
            fragment = rest[(hash + 1)..].ToString();
            rest = rest[..hash];
        }
        if (rest.IndexOf('?') is >= 0 and var mark)
        {
            query = rest[(mark + 1)..].ToString();
            rest = rest[..mark];
        }
        if (rest.IndexOfAny(':', '/') is > 0 and var colon && rest[colon] == ':' && IsScheme(rest[..colon]))
        {
            scheme = rest[..colon].ToString();
            rest = rest[(colon + 1)..];
        }
        if (rest.StartsWith("//"))
        {
            rest = rest[2..];
            var slash = rest.IndexOf('/');
            authority = (slash < 0 ? rest : rest[..slash]).ToString();
            rest = slash < 0 ? default : rest[slash..];
        }
        return new UriReference(scheme, authority, rest.ToString(), query, fragment);
    }

    /// <summary>The absolute URI that a reference means where <paramref name="baseUri"/> is the base (RFC 3986, section 5.2).</summary>
    public static UriReference Resolve(string baseUri, string reference)
    {
        var (b, r) = (Parse(baseUri), Parse(reference));
        if (r.Scheme is not null) return new UriReference(r.Scheme, r.Authority, WithoutDots(r.Path), r.Query, r.Fragment);
        if (r.Authority is not null) return new UriReference(b.Scheme, r.Authority, WithoutDots(r.Path), r.Query, r.Fragment);
        if (r.Path.Length == 0) return new UriReference(b.Scheme, b.Authority, b.Path, r.Query ?? b.Query, r.Fragment);
        var path = r.Path[0] == '/' ? r.Path
            : b is { Authority: not null, Path: "" } ? $"/{r.Path}"
            : $"{b.Path.AsSpan(0, b.Path.LastIndexOf('/') + 1)}{r.Path}";
        return new UriReference(b.Scheme, b.Authority, WithoutDots(path), r.Query, r.Fragment);
    }

    public static bool IsScheme(ReadOnlySpan<char> text) =>
        text.Length > 0 && char.IsAsciiLetter(text[0]) && !text.ContainsAnyExcept(SchemeCharacters);

    /// <summary>The reference up to the hash.</summary>
    public string WithoutFragment() =>
        $"{(Scheme is null ? "" : Scheme + ":")}{(Authority is null ? "" : "//" + Authority)}{Path}{(Query is null ? "" : "?" + Query)}";

    private static readonly System.Buffers.SearchValues<char> SchemeCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    private static string WithoutDots(string path)
    {
        if (!path.Contains('.')) return path;
        var isAbsolute = path.StartsWith('/');
        var kept = new List<string>();
        var segments = path[(isAbsolute ? 1 : 0)..].Split('/');
        for (var i = 0; i < segments.Length; i++)
        {
            var isLast = i == segments.Length - 1;
            if (segments[i] == ".." && kept.Count > 0) kept.RemoveAt(kept.Count - 1);
            if (segments[i] is not ("." or "..")) kept.Add(segments[i]);
            else if (isLast) kept.Add("");
        }
        return (isAbsolute ? "/" : "") + string.Join('/', kept);
    }
}
