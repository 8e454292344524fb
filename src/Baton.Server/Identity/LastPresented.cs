namespace Baton.Server.Identity;

/// <summary>What the last request of a connection presented, and its hash: most requests present the same again. It is never more than its client has said itself. One thread at a time.</summary>
internal sealed class LastPresented
{
    private string? header, key, hashed;
    private KeyHash? hash;

    /// <summary>The key in a header, by <paramref name="read"/> where it is another text than the last one: the same text, not one that is equal.</summary>
    public string? KeyIn(string header, Func<string, string?> read)
    {
        if (!ReferenceEquals(header, this.header)) (this.header, key) = (header, read(header));
        return key;
    }

    public KeyHash? HashOf(string presented)
    {
        if (!ReferenceEquals(presented, hashed)) (hashed, hash) = (presented, KeyHash.Of(presented));
        return hash;
    }
}
