using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Baton.Server.Gateway;

/// <summary>
/// Names of requests: <c>req_</c> and the 32 hexadecimal digits of a UUIDv7 (RFC 9562, section 5.7). The framework's own asks the
/// system for each one's random bits, 1.7 µs of a call's 80; here a thread asks for some hundred at a time.
/// </summary>
internal static class RequestId
{
    public const string Prefix = "req_", Header = "x-baton-request-id";

    private const int RandomBytes = 10, Ahead = 400;

    [ThreadStatic]
    private static byte[]? random;

    [ThreadStatic]
    private static int left;

    /// <summary>Names a request that is no call of a model, as those are named: in its answer's headers.</summary>
    public static string Tell(HttpContext http)
    {
        var id = New(http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow());
        http.Response.Headers[Header] = id;
        return id;
    }

    public static string New(DateTimeOffset now)
    {
        Span<byte> id = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(id, now.ToUnixTimeMilliseconds() << 16);
        Take(id[6..]);
        id[6] = (byte)((id[6] & 0x0F) | 0x70);   // version 7
        id[8] = (byte)((id[8] & 0x3F) | 0x80);   // variant
        return string.Create(Prefix.Length + (2 * id.Length), id, static (text, bytes) =>
        {
            Prefix.CopyTo(text);
            Convert.TryToHexStringLower(bytes, text[Prefix.Length..], out _);
        });
    }

    private static void Take(Span<byte> to)
    {
        random ??= new byte[RandomBytes * Ahead];
        if (left == 0)
        {
            RandomNumberGenerator.Fill(random);
            left = Ahead;
        }
        random.AsSpan(--left * RandomBytes, RandomBytes).CopyTo(to);
    }
}
