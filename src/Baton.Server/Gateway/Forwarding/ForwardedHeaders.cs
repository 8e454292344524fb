using System.Collections.Frozen;
using Baton.Server.Outbound;
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
        "Content-Length", "Date", "Server", "Via", "Set-Cookie", "Strict-Transport-Security", "Alt-Svc",
    }.Concat(Accounts).ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>What SDKs of all providers obey when they are refused.</summary>
    private static readonly FrozenSet<string> Waits = new[] { "Retry-After", "retry-after-ms", "x-should-retry" }.ToFrozenSet(StringComparer.OrdinalIgnoreCase);

    public static void ToTarget(IHeaderDictionary from, ForwardMessage to, ModelTarget target, string? key)
    {
        foreach (var (name, value) in from)
        {
            if (IsAsked(name, target.Dialect)) to.Set(name, value.ToString());
        }
        foreach (var (name, value) in target.Options.Headers) to.Set(name, value);
        if (!to.Has("Accept-Encoding")) to.Set("Accept-Encoding", "identity");   // who says nothing may be sent what nobody here unpacks
        if (target.Dialect == Dialect.Anthropic && !to.Has(AnthropicVersion)) to.Set(AnthropicVersion, OldestVersion);
        if (key is not null) to.Set(target.KeyHeader, target.Credential(key));
    }

    /// <param name="key">Of the target: a header that repeats it stays away.</param>
    public static void ToClient(ForwardedAnswer from, IHeaderDictionary to, string? key)
    {
        Pass(from, to);
        while (key is not null && Repeating(to, key) is { } name) to.Remove(name);
    }

    /// <summary>Those of a refusal, without the key should the target have repeated it.</summary>
    /// <param name="isTranslated">Whether its body is told in another dialect, whose SDKs know no others of the target's headers.</param>
    public static HeaderDictionary OfRefusal(ForwardedAnswer from, Secrets secrets, bool isTranslated)
    {
        var (said, kept) = (new HeaderDictionary(), new HeaderDictionary());
        if (isTranslated) from.CopyTo(said, Waits.Contains);
        else Pass(from, said);
        foreach (var (name, values) in said) kept[name] = new StringValues([.. values.Select(value => secrets.Mask(value ?? ""))]);
        return kept;
    }

    /// <summary>Whether a header of a request may go to a target and change what it answers.</summary>
    public static bool ChangesAnswers(string name) =>
        name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase) || (name.StartsWith("openai-", StringComparison.OrdinalIgnoreCase) && !Accounts.Contains(name));

    /// <summary>All but those of the connection, which also names some that are its own (RFC 9110, section 7.6.1).</summary>
    private static void Pass(ForwardedAnswer from, IHeaderDictionary to)
    {
        from.CopyTo(to, static name => !Kept.Contains(name) && !name.StartsWith("x-baton-", StringComparison.OrdinalIgnoreCase));
        if (from.Header("Connection") is not { } own || own.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)) return;
        foreach (var name in own.Split(',', StringSplitOptions.TrimEntries)) to.Remove(name);
    }

    private static string? Repeating(IHeaderDictionary headers, string key)
    {
        foreach (var (name, values) in headers)
        {
            for (var i = 0; i < values.Count; i++)
            {
                if (values[i]?.Contains(key, StringComparison.Ordinal) == true) return name;
            }
        }
        return null;
    }

    /// <summary>A provider's own headers are for those who speak its dialect.</summary>
    private static bool IsAsked(string name, Dialect dialect) => Asked.Contains(name)
        || (dialect == Dialect.Anthropic && name.StartsWith("anthropic-", StringComparison.OrdinalIgnoreCase))
        || (dialect == Dialect.OpenAi && name.StartsWith("openai-", StringComparison.OrdinalIgnoreCase) && !Accounts.Contains(name));
}
