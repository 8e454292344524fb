using System.Collections.Frozen;

namespace Baton.Server.Gateway;

/// <summary>The words in which requests and answers are put.</summary>
internal enum Dialect
{
    OpenAi,
    Anthropic,

    /// <summary>Ollama's own: of targets only.</summary>
    Ollama,
}

/// <summary>One place that answers for a model, and what is known of it.</summary>
/// <param name="Path">Where its settings stand, for messages.</param>
/// <param name="Model">What it calls the model.</param>
internal sealed record ModelTarget(string Name, string Path, string Model, TargetOptions Options, TargetHealth Health)
{
    public Dialect Dialect { get; } = Options.Dialect switch { "anthropic" => Dialect.Anthropic, "ollama" => Dialect.Ollama, _ => Dialect.OpenAi };

    /// <summary>True when an operator, not a tenant, has named the host.</summary>
    public bool IsConfigured { get; init; } = true;

    /// <summary>The name of the model that it answers for.</summary>
    public required string Route { get; init; }

    /// <summary>How messages name it.</summary>
    public string Label => field ??= $"Target '{Name}' of model '{Route}'";

    /// <summary>Its name behind that of its model.</summary>
    public string RouteAndName => field ??= $"{Route}/{Name}";

    /// <summary>Whether it is given no new requests: those under way end in peace.</summary>
    public bool IsDraining { get; } = Options.Drain || Options.Weight == 0;

    /// <summary>As many requests may be under way at it.</summary>
    public int Most { get; } = Options.MaxConcurrency ?? int.MaxValue;

    /// <summary>Whether there are as many.</summary>
    public bool IsFull => Health.UnderWay >= Most;

    public string KeyHeader { get; } = KeyHeaderOf(Options);

    /// <summary>What that header says.</summary>
    public string Credential(string key) => KeyHeader.Equals("Authorization", StringComparison.OrdinalIgnoreCase) ? $"Bearer {key}" : key;

    private readonly FrozenDictionary<string, Uri> addresses = Surface.All.Append(Surface.OllamaChat).ToFrozenDictionary(surface => surface.Path, surface => Join(Options.BaseUrl!, surface.Path), StringComparer.Ordinal);

    /// <summary>Where it is asked.</summary>
    public Uri At(Surface surface) => addresses[surface.Path];

    /// <summary>What it is to be asked for a request that came to a surface: the same where it speaks that dialect, its own for conversations where there is a translation.</summary>
    /// <param name="goesOn">Whether the request goes on with a conversation that is kept here, and that the target does not know.</param>
    /// <returns>Null where there is none.</returns>
    public Surface? SurfaceFor(Surface asked, bool goesOn = false)
    {
        if (asked.Dialect == Dialect && (asked != Surface.Responses || Options.Responses && !goesOn)) return asked;
        if (!asked.IsConversation) return null;
        return Dialect switch { Dialect.Anthropic => Surface.Messages, Dialect.Ollama => Surface.OllamaChat, _ => Surface.ChatCompletions };
    }

    /// <summary>An address below its BaseUrl, such as <c>/models</c>.</summary>
    public Uri Below(string path) => Join(Options.BaseUrl!, path);

    /// <summary>An address beside its API: engines tell of themselves outside of <c>/v1</c>.</summary>
    public Uri AtRoot(string path)
    {
        var uri = new UriBuilder(Options.BaseUrl!);
        var root = uri.Path.TrimEnd('/');
        uri.Path = (root.EndsWith("/v1", StringComparison.Ordinal) ? root[..^3] : root) + path;
        return uri.Uri;
    }

    public static string KeyHeaderOf(TargetOptions options) => options.ApiKeyHeader ?? (options.Dialect == "anthropic" ? "x-api-key" : "Authorization");

    public override string ToString() => Name;

    private static Uri Join(string baseUrl, string path)
    {
        var uri = new UriBuilder(baseUrl);
        uri.Path = uri.Path.TrimEnd('/') + path;
        return uri.Uri;
    }
}
