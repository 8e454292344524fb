namespace Baton.Server.Identity;

/// <summary>
/// Who may use the API. Without any credential the server serves this machine only, as one tenant. Secrets come from the environment or
/// from a file, never from the command line or a settings file.
/// </summary>
internal sealed class CredentialOptions
{
    public const string Section = "Identity";

    /// <summary>A file with one credential a line: <c>tenant:name:key</c>; the key may be <c>sha256:</c> and 64 hexadecimal digits. <c>#</c> begins a comment.</summary>
    public string? KeysFile { get; set; }
}
