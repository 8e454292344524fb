using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;

namespace Baton.Server.Gateway;

/// <summary>What two calls have in common that get the same answer: a SHA-256.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CacheKey(UInt128 High, UInt128 Low)
{
    /// <param name="headers">Of the request: those that change what a provider answers are part of it.</param>
    /// <param name="canonical">The body, as <see cref="CanonicalRequest"/> writes it.</param>
    public static CacheKey Of(TenantId tenant, Surface surface, ModelRoute route, IHeaderDictionary headers, ReadOnlySpan<byte> canonical)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, tenant.Value);
        Add(hash, surface.Path);
        Add(hash, RouteVersion.Of(route));
        foreach (var (name, value) in headers.Where(header => ForwardedHeaders.ChangesAnswers(header.Key)).OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            Add(hash, name.ToLowerInvariant());
            Add(hash, value.ToString());
        }
        hash.AppendData("body"u8);
        hash.AppendData(canonical);
        Span<byte> sum = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(sum);
        return Of(sum);
    }

    public static CacheKey Of(ReadOnlySpan<byte> sum) => new(BinaryPrimitives.ReadUInt128BigEndian(sum), BinaryPrimitives.ReadUInt128BigEndian(sum[16..]));

    /// <summary>With its length in front, so that two texts are never taken for two others.</summary>
    private static void Add(IncrementalHash hash, string text)
    {
        Span<byte> length = stackalloc byte[4];
        var bytes = Encoding.UTF8.GetBytes(text);
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
