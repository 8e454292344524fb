using Microsoft.Extensions.Options;

namespace Baton.Server.PrConfidence;

/// <summary>Settings of the PR confidence analysis.</summary>
internal sealed class PrConfidenceOptions
{
    public const string Section = "PrConfidence";

    /// <summary>
    /// Folders below which repositories, tickets and documents may be read, as absolute paths. Default: any when this server listens on
    /// loopback alone, where its callers are users of the machine; else none.
    /// </summary>
    public List<string>? Roots { get; set; }
}

/// <summary>The rules that an attribute cannot state.</summary>
internal sealed class PrConfidenceOptionsRules : IValidateOptions<PrConfidenceOptions>
{
    public ValidateOptionsResult Validate(string? name, PrConfidenceOptions options) =>
        (options.Roots ?? []).FirstOrDefault(root => !Path.IsPathFullyQualified(root)) is { } relative
            ? ValidateOptionsResult.Fail($"PrConfidence:Roots holds '{relative}', but must hold absolute paths.") : ValidateOptionsResult.Success;
}
