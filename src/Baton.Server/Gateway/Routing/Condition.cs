namespace Baton.Server.Gateway;

/// <summary>Which requests are served; what is null is not asked for.</summary>
/// <param name="HeaderValue">Null for any.</param>
internal sealed record Condition(string? Header, string? HeaderValue, string? Tag, string? Key)
{
    /// <returns>Null for everybody.</returns>
    public static Condition? Of(WhenOptions? when)
    {
        if (when is null || (when.Header ?? when.Tag ?? when.Key) is null) return null;
        var parts = when.Header?.Split('=', 2, StringSplitOptions.TrimEntries) ?? [];
        return new Condition(parts.ElementAtOrDefault(0), parts.ElementAtOrDefault(1), when.Tag, when.Key);
    }

    /// <summary>What is wrong with it; null for nothing.</summary>
    public static string? Problem(WhenOptions? when)
    {
        if (when is null) return null;
        if (when.Header is { } header && header.AsSpan(0, header.IndexOf('=') is >= 0 and var at ? at : header.Length).Trim().IsEmpty) return "Header must be 'name=value' or 'name'.";
        if (when.Tag is { } tag && (tag.Trim().Length == 0 || tag.Contains(',', StringComparison.Ordinal))) return $"Tag must be one tag without commas, not '{tag}'.";
        return when.Key is { } key && key.Trim().Length == 0 ? "Key must be the name of a credential." : null;
    }

    /// <summary>What a request lacks; null when it lacks nothing.</summary>
    public string? Unmet(RoutingFacts? facts)
    {
        if (Header is not null && !HasHeader(facts)) return HeaderValue is null ? $"the header {Header}" : $"the header {Header}={HeaderValue}";
        if (Tag is not null && facts?.Tags.Contains(Tag, StringComparer.OrdinalIgnoreCase) != true) return $"the tag {Tag}";
        return Key is not null && !HasKey(facts?.Caller) ? $"the key {Key}" : null;
    }

    private bool HasHeader(RoutingFacts? facts)
    {
        if (facts?.Headers is not { } headers || !headers.TryGetValue(Header!, out var values)) return false;
        return HeaderValue is null || values.Contains(HeaderValue, StringComparer.OrdinalIgnoreCase);
    }

    private bool HasKey(string? caller) => caller is not null && (Key!.EndsWith('*') ? caller.AsSpan().StartsWith(Key.AsSpan(0, Key.Length - 1), StringComparison.Ordinal) : caller == Key);
}
