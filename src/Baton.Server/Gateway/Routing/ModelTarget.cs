using System.Collections.Frozen;

namespace Baton.Server.Gateway;

/// <summary>The words in which requests and answers are put.</summary>
internal enum Dialect
{
    OpenAi,
    Anthropic,
}

/// <summary>One place that answers for a model, and what is known of it.</summary>
/// <param name="Path">Where its settings stand, for messages.</param>
/// <param name="Model">What it calls the model.</param>
internal sealed record ModelTarget(string Name, string Path, string Model, TargetOptions Options, TargetHealth Health)
{
    public Dialect Dialect { get; } = Options.Dialect == "anthropic" ? Dialect.Anthropic : Dialect.OpenAi;

    /// <summary>True when an operator, not a tenant, has named the host.</summary>
    public bool IsConfigured { get; init; } = true;

    /// <summary>Whether it is given no new requests: those under way end in peace.</summary>
    public bool IsDraining { get; } = Options.Drain || Options.Weight == 0;

    public string KeyHeader { get; } = KeyHeaderOf(Options);

    /// <summary>What that header says.</summary>
    public string Credential(string key) => KeyHeader.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? $"Bearer {key}" : key;

    private readonly FrozenDictionary<string, Uri> addresses = Surface.All.ToFrozenDictionary(surface => surface.Path, surface => Join(Options.BaseUrl!, surface.Path), StringComparer.Ordinal);

    /// <summary>Where it is asked.</summary>
    public Uri At(Surface surface) => addresses[surface.Path];

    public static string KeyHeaderOf(TargetOptions options) => options.ApiKeyHeader ?? (options.Dialect == "anthropic" ? "x-api-key" : "Authorization");

    public override string ToString() => Name;

    private static Uri Join(string baseUrl, string path)
    {
        var uri = new UriBuilder(baseUrl);
        uri.Path = uri.Path.TrimEnd('/') + path;
        return uri.Uri;
    }
}
