using System.Buffers;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>Reads the key of a target where it is used and never keeps it: a changed file counts from the next call on.</summary>
internal static class ApiKey
{
    private const int MaxLength = 16 << 10;

    // What a header can carry without any doubt (RFC 9110, section 5.5).
    private static readonly SearchValues<char> Visible = SearchValues.Create([.. Enumerable.Range(0x21, 0x7e - 0x20).Select(c => (char)c)]);

    /// <summary>What keeps the key from being used, without the key; null for nothing.</summary>
    public static string? Problem(TargetOptions target) => Read(target).Problem;

    /// <returns>Null where the target needs none.</returns>
    /// <exception cref="WorkflowException">It is configured, but cannot be had.</exception>
    public static string? Get(ModelTarget target) =>
        Read(target.Options) is var (key, problem) && problem is null ? key : throw CallErrors.NotAuthenticated($"The key of target '{target.Name}' cannot be used: {target.Path}:{problem}");

    private static (string? Key, string? Problem) Read(TargetOptions target)
    {
        if (target.ApiKeyVariable is { Length: > 0 } variable) return Check(Environment.GetEnvironmentVariable(variable), $"ApiKeyVariable: the environment variable {variable}");
        if (target.ApiKeyFile is not { Length: > 0 } file) return (null, null);
        try
        {
            var length = new FileInfo(file).Length;   // before it is read: a wrong path may lead to anything
            return length > MaxLength ? (null, $"ApiKeyFile: the file {file} holds more than a key.") : Check(File.ReadAllText(file), $"ApiKeyFile: the file {file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            return (null, $"ApiKeyFile: the file {file} cannot be read: {e.Message}");
        }
    }

    private static (string? Key, string? Problem) Check(string? text, string place)
    {
        if (text is null) return (null, $"{place} is not set.");
        var key = text.Trim();
        if (key.Length == 0) return (null, $"{place} is empty.");
        if (key.Length > MaxLength || key.AsSpan().ContainsAnyExcept(Visible)) return (null, $"{place} must hold one key: visible ASCII characters on one line.");
        return (key, null);
    }
}
