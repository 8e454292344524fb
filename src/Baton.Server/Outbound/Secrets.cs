using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Baton.Server.Outbound;

/// <summary>
/// The secret texts that one call carries. What other hosts say is quoted in errors, and some of them say what they were sent:
/// every quotation goes through here.
/// </summary>
internal sealed class Secrets
{
    private const string Masked = "***";

    // Below this a secret is likely to stand in any text by chance: nothing is quoted then.
    private const int Shortest = 4;

    private readonly ImmutableArray<string> spellings;
    private readonly bool hasShort;

    private Secrets(ImmutableArray<string> spellings, bool hasShort)
    {
        this.spellings = spellings;
        this.hasShort = hasShort;
    }

    public static Secrets None { get; } = new([], hasShort: false);

    public static Secrets Of(params IEnumerable<string?> secrets) => None.And(secrets);

    /// <summary>These and more: each as it is, percent-encoded, in JSON and in Base64.</summary>
    public Secrets And(params IEnumerable<string?> more)
    {
        var added = more.Where(secret => !string.IsNullOrEmpty(secret)).Select(secret => secret!).ToArray();
        if (added.Length == 0) return this;
        return And(new Secrets([.. added.SelectMany(Spellings).Where(spelling => spelling.Length >= Shortest)], added.Any(secret => secret.Length < Shortest)));
    }

    public Secrets And(Secrets other) => new(
        [.. spellings.Concat(other.spellings).Distinct(StringComparer.Ordinal).OrderByDescending(spelling => spelling.Length)], hasShort || other.hasShort);

    /// <summary>The text without any of the secrets, nor the beginning of one where the text was cut.</summary>
    public string Mask(string text)
    {
        if (hasShort) return "";
        foreach (var spelling in spellings)
        {
            text = text.Replace(spelling, Masked, StringComparison.Ordinal);
        }
        foreach (var spelling in spellings)
        {
            for (var length = Math.Min(spelling.Length - 1, text.Length); length >= Shortest; length--)
            {
                if (!text.AsSpan().EndsWith(spelling.AsSpan(0, length), StringComparison.Ordinal)) continue;
                text = $"{text.AsSpan(0, text.Length - length)}{Masked}";
                break;
            }
        }
        return text;
    }

    private static IEnumerable<string> Spellings(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return System.Net.WebUtility.UrlEncode(secret);
        yield return System.Text.Json.JsonEncodedText.Encode(secret).Value;
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
    }

    // Words that make a header or a query parameter a credential, wherever they stand in its name.
    private static readonly SearchValues<string> CredentialWords = SearchValues.Create(
        ["auth", "token", "secret", "password", "passwd", "pwd", "cookie", "credential", "apikey", "signature", "jwt", "session", "assertion"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly string[] CredentialNames = ["key", "sig", "pass", "code", "pin", "otp", "sid"];

    /// <summary>Whether a header or a query parameter of this name is likely to carry a credential. In doubt it is.</summary>
    public static bool IsCredential(string name)
    {
        if (name.Equals("Idempotency-Key", StringComparison.OrdinalIgnoreCase)) return false;
        return name.AsSpan().ContainsAny(CredentialWords)
            || name.Split('-', '_', '.').Any(word => CredentialNames.Contains(word, StringComparer.OrdinalIgnoreCase))
            || name.EndsWith("key", StringComparison.OrdinalIgnoreCase);
    }
}
