using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Baton.Server.Identity;

/// <summary>
/// The secrets of keys that are made here: <c>bt_</c> and 256 random bits in base64url, 46 characters. The prefix is for people and for scanners that look for secrets in the wrong places. As many random
/// bits need neither salt nor a slow hash: nobody tries them all.
/// </summary>
internal static class KeySecret
{
    public const string Prefix = "bt_";

    private const int RandomBytes = 32, HintLength = 7;

    public static string Make()
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        RandomNumberGenerator.Fill(random);
        return Prefix + Base64Url.EncodeToString(random);
    }

    public static bool IsOne(string presented) => presented.StartsWith(Prefix, StringComparison.Ordinal);

    /// <summary>What may be shown of a secret: 24 of its 256 bits.</summary>
    public static string HintOf(string secret) => secret[..HintLength];
}

/// <summary>The SHA-256 of a secret.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KeyHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Longer than any secret: what is not hashed on the stack is none.</summary>
    private const int MaxBytes = 512;

    /// <returns>Null for what is too long to be a secret.</returns>
    public static KeyHash? Of(string presented)
    {
        Span<byte> bytes = stackalloc byte[MaxBytes];
        if (!Encoding.UTF8.TryGetBytes(presented, bytes, out var length)) return null;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes[..length], hash);
        return MemoryMarshal.Read<KeyHash>(hash);
    }

    /// <param name="text">As <see cref="ToString"/> gives it.</param>
    public static KeyHash Parse(string text) => MemoryMarshal.Read<KeyHash>(Convert.FromHexString(text));

    /// <summary>64 hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        MemoryMarshal.Write(bytes, this);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Its bits are as good as random.</summary>
    public override int GetHashCode() => (int)A;
}
