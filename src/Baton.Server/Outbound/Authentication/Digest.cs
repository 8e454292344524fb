using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine.Dsl;

namespace Baton.Server.Outbound;

/// <summary>A server's digest challenge, and how often its nonce was used.</summary>
internal sealed class DigestChallenge(DigestAlgorithm algorithm, string realm, string nonce, string? opaque, bool hasQop, bool hashesUser, bool isStale)
{
    private int uses;

    /// <summary>True when the server refused only the nonce's age, not the credentials.</summary>
    public bool IsStale => isStale;

    /// <summary>The strongest challenge of the response's that can be met; null when it holds none that can.</summary>
    public static DigestChallenge? Find(OutboundResponse response) =>
        response.HeaderValues("WWW-Authenticate")
            .SelectMany(ChallengeParser.Parse)
            .Where(challenge => challenge.Scheme.Equals("Digest", StringComparison.OrdinalIgnoreCase))
            .Select(challenge => Read(challenge.Parameters))
            .OfType<DigestChallenge>()
            .MaxBy(challenge => challenge.Strength);

    private int Strength => algorithm.Strength;

    private static DigestChallenge? Read(ImmutableDictionary<string, string> parameters)
    {
        if (DigestAlgorithm.Find(parameters.GetValueOrDefault("algorithm", "MD5")) is not { } algorithm) return null;
        if (!parameters.TryGetValue("realm", out var realm) || !parameters.TryGetValue("nonce", out var nonce)) return null;
        var qops = parameters.GetValueOrDefault("qop")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (qops is not null && !qops.Contains("auth", StringComparer.OrdinalIgnoreCase)) return null;   // auth-int is not spoken here
        if (algorithm.IsSession && qops is null) return null;                                            // -sess needs a client nonce
        return new DigestChallenge(
            algorithm, realm, nonce, parameters.GetValueOrDefault("opaque"), qops is not null,
            IsTrue(parameters.GetValueOrDefault("userhash")), IsTrue(parameters.GetValueOrDefault("stale")));

        static bool IsTrue(string? text) => "true".Equals(text, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The value of the Authorization header for one request (RFC 7616, section 3.4).</summary>
    public string Answer(Authentication.Digest credentials, string method, Uri uri, string clientNonce)
    {
        var target = uri.GetComponents(UriComponents.PathAndQuery, UriFormat.UriEscaped);
        var secret = algorithm.Hash($"{credentials.Username}:{realm}:{credentials.Password}");
        if (algorithm.IsSession) secret = algorithm.Hash($"{secret}:{nonce}:{clientNonce}");
        var request = algorithm.Hash($"{method}:{target}");
        var count = $"{Interlocked.Increment(ref uses):x8}";
        var response = hasQop
            ? algorithm.Hash($"{secret}:{nonce}:{count}:{clientNonce}:auth:{request}")
            : algorithm.Hash($"{secret}:{nonce}:{request}");

        var text = new StringBuilder("Digest ");
        if (hashesUser) text.Append($"username=\"{algorithm.Hash($"{credentials.Username}:{realm}")}\", userhash=true");
        else if (credentials.Username.All(c => c is >= ' ' and < '\x7f')) text.Append($"username=\"{Quote(credentials.Username)}\"");
        else text.Append($"username*=UTF-8''{Uri.EscapeDataString(credentials.Username)}");
        text.Append($", realm=\"{Quote(realm)}\", nonce=\"{Quote(nonce)}\", uri=\"{target}\", algorithm={algorithm.Name}, response=\"{response}\"");
        if (hasQop) text.Append($", qop=auth, nc={count}, cnonce=\"{clientNonce}\"");
        if (opaque is not null) text.Append($", opaque=\"{Quote(opaque)}\"");
        return text.ToString();
    }

    private static string Quote(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
}

/// <param name="IsSession">True for the -sess variants.</param>
/// <param name="Strength">The higher, the better.</param>
internal sealed record DigestAlgorithm(string Name, bool IsSession, int Strength, Func<byte[], byte[]> HashBytes)
{
    private static readonly DigestAlgorithm[] All =
    [
        new("MD5", false, 1, HashMd5),
        new("MD5-sess", true, 2, HashMd5),
        new("SHA-256", false, 3, SHA256.HashData),
        new("SHA-256-sess", true, 4, SHA256.HashData),
    ];

    public static DigestAlgorithm? Find(string name) => All.FirstOrDefault(algorithm => algorithm.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    public string Hash(string text) => Convert.ToHexStringLower(HashBytes(Encoding.UTF8.GetBytes(text)));

    // The protocol's older hash: the server chooses it, and it is used only where the server offers nothing better.
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Security", "CA5351:Do Not Use Broken Cryptographic Algorithms", Justification = "RFC 7616 names it.")]
    private static byte[] HashMd5(byte[] bytes) => MD5.HashData(bytes);
}

/// <summary>Digest authentication: asks without, answers the challenge, and remembers it for the next call. Thread-safe.</summary>
internal sealed class DigestSessions
{
    private const int MaxRemembered = 256;

    // A challenge holds no secret: remembering it by host and user is enough, and another password meets the same challenge.
    private readonly ConcurrentDictionary<string, DigestChallenge> remembered = new(StringComparer.Ordinal);

    public async Task<OutboundResponse> SendAsync(
        OutboundRequest request, Authentication.Digest credentials, Func<OutboundRequest, CancellationToken, Task<OutboundResponse>> send, CancellationToken cancel)
    {
        var key = $"{request.Uri.Scheme}://{request.Uri.Authority} {credentials.Username}";
        remembered.TryGetValue(key, out var challenge);
        var response = await send(Answer(challenge), cancel);
        // At most twice: with a fresh nonce in place of none or of an old one, and once more when that one was stale too.
        for (var attempt = 0; attempt < 2 && response.Status == 401; attempt++)
        {
            var next = DigestChallenge.Find(response)
                ?? throw CallErrors.NotAuthenticated($"{request.Label} was answered 401 without a digest challenge that can be met (MD5 or SHA-256, qop auth).");
            if (attempt > 0 && !next.IsStale) break;
            challenge = next;
            if (remembered.Count >= MaxRemembered) remembered.Clear();
            remembered[key] = challenge;
            response = await send(Answer(challenge), cancel);
        }
        return response;

        OutboundRequest Answer(DigestChallenge? to) => to is null
            ? request.Without("Authorization")
            : request.With("Authorization", to.Answer(credentials, request.Method, request.Uri, RandomNumberGenerator.GetHexString(32, lowercase: true)));
    }
}
