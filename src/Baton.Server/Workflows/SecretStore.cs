using System.Text.RegularExpressions;
using Baton.Engine;
using Microsoft.Extensions.Options;

namespace Baton.Server.Workflows;

/// <summary>Where secrets of workflows come from.</summary>
internal sealed class SecretOptions
{
    public const string Section = "Secrets";

    /// <summary>A folder with one file for each secret, by its name; those of a tenant stand in a folder of its name. Null for none.</summary>
    public string? Folder { get; set; }
}

/// <summary>
/// Secrets of workflows, read where they are used and never kept: from <c>BATON_SECRET_NAME</c> (default tenant only), or from files.
/// </summary>
internal sealed partial class SecretStore(IOptions<SecretOptions> options)
{
    private const string Prefix = "BATON_SECRET_";

    /// <summary>The secret's text, or null when there is none that the tenant may use.</summary>
    public string? Find(TenantId tenant, string name)
    {
        if (!Name().IsMatch(name)) return null;   // a name is no path
        if (options.Value.Folder is { } folder)
        {
            var file = tenant == TenantId.Default ? Path.Combine(folder, name) : Path.Combine(folder, tenant.Value, name);
            if (File.Exists(file)) return File.ReadAllText(file).TrimEnd('\n', '\r');
        }
        return tenant == TenantId.Default ? Environment.GetEnvironmentVariable(Prefix + NotWord().Replace(name, "_").ToUpperInvariant()) : null;
    }

    [GeneratedRegex(@"^[a-zA-Z0-9][a-zA-Z0-9._-]{0,100}$", RegexOptions.NonBacktracking)]
    private static partial Regex Name();

    [GeneratedRegex(@"[^a-zA-Z0-9]", RegexOptions.NonBacktracking)]
    private static partial Regex NotWord();
}
