using System.Collections.Frozen;

namespace Baton.Server.Identity;

/// <summary>
/// The keys that were made here, by the hashes of their secrets: a snapshot in memory, since no request waits for the database. A secret is looked up by its full SHA-256. What the time of a look-up tells is
/// about the hash of what was sent, and nobody can choose texts whose hashes come nearer to another, so that it tells nothing of the secrets.
/// </summary>
internal sealed class KeyTable(TimeProvider time)
{
    private volatile FrozenDictionary<KeyHash, Entry> current = FrozenDictionary<KeyHash, Entry>.Empty;

    /// <summary>The key of a secret; null for a secret that is of none, or of one that is disabled or has expired.</summary>
    /// <param name="presented">The secret's hash; null for what is none.</param>
    public VirtualKey? Find(KeyHash? presented)
    {
        if (presented is not { } hash || !current.TryGetValue(hash, out var entry)) return null;
        var now = time.GetUtcNow();
        if (!entry.Key.IsGood(now) || entry.Until <= now) return null;
        entry.Key.Use.Note(now);
        return entry.Key;
    }

    public IEnumerable<VirtualKey> Keys => current.Values.Select(entry => entry.Key).Distinct();

    /// <summary>Takes what the database holds now.</summary>
    public void Replace(IEnumerable<KeyRow> rows)
    {
        var uses = Keys.ToDictionary(key => (key.Tenant.Value, key.Id), key => key.Use);
        var next = new Dictionary<KeyHash, Entry>();
        foreach (var row in rows)
        {
            var key = row.ToKey(uses.GetValueOrDefault((row.TenantId, row.Id)) ?? new KeyUse());
            if (row.PreviousHash is { } previous) next[KeyHash.Parse(previous)] = new Entry(key, DateTimeOffset.FromUnixTimeMilliseconds(row.PreviousUntilMs!.Value));
            next[KeyHash.Parse(row.Hash)] = new Entry(key, null);
        }
        current = next.ToFrozenDictionary();
    }

    /// <param name="Until">When this secret of the key ends: the one before a rotation.</param>
    private sealed record Entry(VirtualKey Key, DateTimeOffset? Until);
}
