namespace Baton.Server.Identity;

/// <summary>What the last request of a connection presented, and its hash: most requests present the same again, the same text and not only an equal one. It is never more than its client has said itself. One thread at a time.</summary>
internal sealed class LastPresented
{
    private string? header, bearer, hashed;
    private KeyHash? hash;

    /// <summary>The key in an <c>Authorization</c> header; null where it holds none.</summary>
    public string? BearerOf(string header)
    {
        const string Scheme = "Bearer ";
        if (!ReferenceEquals(header, this.header)) (this.header, bearer) = (header, header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null);
        return bearer;
    }

    public KeyHash? HashOf(string presented)
    {
        if (!ReferenceEquals(presented, hashed)) (hashed, hash) = (presented, KeyHash.Of(presented));
        return hash;
    }
}
