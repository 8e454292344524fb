using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Baton.Engine;
using Baton.Server.Storage;

namespace Baton.Server.Identity;

/// <summary>The keys that this server knows, as hashes, and whose they are.</summary>
internal sealed class Credentials
{
    /// <summary>The environment variable with one key of the default tenant.</summary>
    public const string KeyVariable = "BATON_API_KEY";

    private const int MinLength = 16;

    private readonly ImmutableArray<(byte[] Hash, TenantId Tenant, string Name)> keys;

    private Credentials(ImmutableArray<(byte[] Hash, TenantId Tenant, string Name)> keys) => this.keys = keys;

    /// <summary>False when anybody who reaches the server may use it.</summary>
    public bool AreConfigured => !keys.IsEmpty;

    /// <summary>The file that they are read from, where every user of the machine can read it too; null where nobody else can.</summary>
    public string? OpenFile { get; private init; }

    /// <summary>Everyone that a credential stands for; the default tenant where none is needed.</summary>
    public IReadOnlyCollection<TenantId> Tenants => AreConfigured ? [.. keys.Select(key => key.Tenant).Distinct()] : [TenantId.Default];

    /// <exception cref="CredentialException">The file cannot be read, or a line of it is wrong.</exception>
    public static Credentials Load(CredentialOptions options, Func<string, string?> environment)
    {
        var loaded = ImmutableArray.CreateBuilder<(byte[], TenantId, string)>();
        if (environment(KeyVariable) is { Length: > 0 } key) loaded.Add((HashOf(key, KeyVariable), TenantId.Default, "environment"));
        if (options.KeysFile is { Length: > 0 } file) loaded.AddRange(ReadFile(file));
        return new Credentials(loaded.ToImmutable()) { OpenFile = options.KeysFile is { Length: > 0 } read && PrivateFiles.IsOpen(read) ? read : null };
    }

    /// <summary>Whose the key is and what it is called, or null. Takes the same time for every key.</summary>
    public (TenantId Tenant, string Name)? Find(string presented)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(presented), hash);
        (TenantId, string)? found = null;
        foreach (var (known, tenant, name) in keys)
        {
            if (CryptographicOperations.FixedTimeEquals(known, hash)) found = (tenant, name);
        }
        return found;
    }

    /// <summary>Whether a tenant has one of that name.</summary>
    public bool Has(TenantId tenant, string name) => keys.Any(key => key.Tenant == tenant && key.Name == name);

    private static IEnumerable<(byte[], TenantId, string)> ReadFile(string path)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CredentialException($"The keys file {path} cannot be read: {e.Message}");
        }
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.Split(':', 3) is not [{ Length: > 0 } tenant, { Length: > 0 } name, { Length: > 0 } key]) throw new CredentialException($"{path}, line {i + 1}: write tenant:name:key.");
            yield return (HashOf(key, $"{path}, line {i + 1}"), new TenantId(tenant), name);
        }
    }

    private static byte[] HashOf(string key, string place)
    {
        if (!key.StartsWith("sha256:", StringComparison.Ordinal))
        {
            return key.Length >= MinLength ? SHA256.HashData(Encoding.UTF8.GetBytes(key)) : throw new CredentialException($"{place}: a key has at least {MinLength} characters. Make one with: openssl rand -base64 32");
        }
        try
        {
            return Convert.FromHexString(key["sha256:".Length..]) is { Length: SHA256.HashSizeInBytes } hash ? hash : throw new FormatException();
        }
        catch (FormatException)
        {
            throw new CredentialException($"{place}: after sha256: stand 64 hexadecimal digits.");
        }
    }
}

/// <summary>The credentials cannot be used as they are. The message never holds one.</summary>
internal sealed class CredentialException(string message) : Exception(message);
