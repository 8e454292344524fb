using System.Collections.Frozen;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Baton.Server.Gateway;

/// <summary>Which headers go through: of a request those that the APIs know, of an answer all but those of its connection and its host.</summary>
internal static class ForwardedHeaders
{
    /// <summary>Without it Anthropic refuses a request; there is only the one.</summary>
    public const string AnthropicVersion = "anthropic-version", OldestVersion = "2023-06-01";

    private static readonly FrozenSet<string> Asked = new[] { "Accept", "User-Agent", "Idempotency-Key" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whose account it is says the target's key, not the caller.</summary>
    private static readonly FrozenSet<string> Accounts = new[] { "OpenAI-Organization", "OpenAI-Project" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> Kept = new[]
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",   // RFC 9110, section 7.6.1
        "Date", "Server", "Via", "Set-Cookie", "Strict-Transport-Security", "Alt-Svc",
    }.Concat(Accounts).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void ToTarget(IHeaderDictionary from, HttpRequestMessage to, ModelTarget target, string? key)
    {
        foreach (var (name, value) in from)
        {
            if (IsAsked(name, target.Dialect)) to.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
        }
        foreach (var (name, value) in target.Options.Headers)
        {
            to.Headers.Remove(name);
            to.Headers.TryAddWithoutValidation(name, value);
        }
        if (target.Dialect == Dialect.Anthropic && !to.Headers.Contains(AnthropicVersion)) to.Headers.TryAddWithoutValidation(AnthropicVersion, OldestVersion);
        if (key is not null) to.Headers.TryAddWithoutValidation(target.KeyHeader, target.Credential(key));
        to.Content!.Headers.ContentType = new MediaTypeHeaderValue("application/json");
    }

    public static void ToClient(HttpResponseMessage from, IHeaderDictionary to)
    {
        Copy(from.Headers.NonValidated, to);
        Copy(from.Content.Headers.NonValidated, to);
    }

    private static void Copy(HttpHeadersNonValidated from, IHeaderDictionary to)
    {
        foreach (var (name, values) in from)
        {
            if (!Kept.Contains(name) && !name.StartsWith("x-baton-", StringComparison.OrdinalIgnoreCase)) to[name] = values.Count == 1 ? new StringValues(values.ToString()) : new StringValues([.. values]);
        }
    }

    /// <summary>Whether a header of a request may go to a target and change what it answers.</summary>
    public static bool ChangesAnswers(string name) =>
        name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase) || (name.StartsWith("openai-", StringComparison.OrdinalIgnoreCase) && !Accounts.Contains(name));

    /// <summary>A provider's own headers are for those who speak its dialect.</summary>
    private static bool IsAsked(string name, Dialect dialect) => Asked.Contains(name)
        || (dialect == Dialect.Anthropic && name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase))
        || (dialect == Dialect.OpenAi && name.StartsWith("openai-", StringComparison.OrdinalIgnoreCase) && !Accounts.Contains(name));
}
