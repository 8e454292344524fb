using System.Collections.Immutable;
using Baton.Client;
using Baton.Engine;

namespace Baton.Server.Identity;

/// <summary>A key that was made here, as requests need to know it.</summary>
/// <param name="models">Patterns of the models that it may ask; empty for all.</param>
internal sealed class VirtualKey(TenantId tenant, string id, string name, string? team, KeyScope scope, ImmutableArray<string> models, ImmutableArray<KeyLimit> limits, DateTimeOffset? expiresAt, bool isDisabled)
{
    public TenantId Tenant => tenant;

    public string Id => id;

    public string Name => name;

    public string? Team => team;

    public ImmutableArray<string> Models => models;

    public ImmutableArray<KeyLimit> Limits => limits;

    public DateTimeOffset? ExpiresAt => expiresAt;

    public bool IsDisabled => isDisabled;

    /// <summary>Whether requests with it are taken.</summary>
    public bool IsGood(DateTimeOffset now) => !isDisabled && !(expiresAt <= now);

    /// <summary>When it was used, kept from one snapshot to the next.</summary>
    public required KeyUse Use { get; init; }

    /// <summary>Who calls with it.</summary>
    public Caller Caller => field ??= new Caller(tenant, name, scope, this);

    /// <summary>Whether it may ask for a model; upper and lower case do not matter.</summary>
    public bool Allows(string model)
    {
        if (Models.IsEmpty) return true;
        foreach (var pattern in Models)
        {
            if (ModelPattern.Matches(pattern, model)) return true;
        }
        return false;
    }
}

/// <summary>The last use of a key, coarsely: the database is told of it now and then. Thread-safe.</summary>
internal sealed class KeyUse
{
    private const long CoarseMs = 60_000;

    private long lastMs, toldMs;

    /// <summary>0 for none since the start.</summary>
    public long LastMs => Volatile.Read(ref lastMs);

    public void Note(DateTimeOffset now)
    {
        var ms = now.ToUnixTimeMilliseconds();
        if (ms - Volatile.Read(ref lastMs) >= CoarseMs) Volatile.Write(ref lastMs, ms);   // else every request would write to a line that all processors read
    }

    /// <summary>What the database was not told yet; null for nothing.</summary>
    public long? TakeUntold()
    {
        var last = LastMs;
        return Interlocked.Exchange(ref toldMs, last) == last ? null : last;
    }

    /// <summary>The database could not be told: it is told another time.</summary>
    public void Untell() => Volatile.Write(ref toldMs, 0);
}

/// <summary>Who sends a request.</summary>
/// <param name="Name">Of the credential; <c>local</c> where none is needed.</param>
/// <param name="Key">Null for those of the environment and of the keys file.</param>
internal sealed record Caller(TenantId Tenant, string Name, KeyScope Scope, VirtualKey? Key = null)
{
    /// <summary>What runs are called where keys have names, as in usage and budgets. No key can have it.</summary>
    public const string Workflow = "workflow";
}
