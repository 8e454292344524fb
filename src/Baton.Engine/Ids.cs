using System.Diagnostics.CodeAnalysis;

namespace Baton.Engine;

/// <summary>Names one run. Written as <c>run_</c> and 32 hexadecimal digits of a UUIDv7, so that ids sort by creation time.</summary>
public readonly record struct RunId(Guid Value) : ISpanParsable<RunId>
{
    private const string Prefix = "run_";

    public static RunId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));

    public override string ToString() => $"{Prefix}{Value:N}";

    public static RunId Parse(ReadOnlySpan<char> s, IFormatProvider? provider) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{s}' is not a run id: expected 'run_' and 32 hexadecimal digits.");

    public static bool TryParse(ReadOnlySpan<char> s, IFormatProvider? provider, out RunId result)
    {
        var valid = s.StartsWith(Prefix, StringComparison.Ordinal) & Guid.TryParseExact(s[Math.Min(Prefix.Length, s.Length)..], "N", out var value);
        result = new RunId(value);
        return valid;
    }

    public static RunId Parse(string s, IFormatProvider? provider) => Parse(s.AsSpan(), provider);

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out RunId result) => TryParse(s.AsSpan(), provider, out result);

    public static bool TryParse([NotNullWhen(true)] string? s, out RunId result) => TryParse(s.AsSpan(), null, out result);
}

/// <summary>The customer or team that a row belongs to. Every stored row and every query names one.</summary>
public readonly record struct TenantId(string Value)
{
    /// <summary>The tenant of a server without configured credentials.</summary>
    public static readonly TenantId Default = new("default");

    public override string ToString() => Value;
}

/// <summary>A workflow definition's identity: immutable once registered.</summary>
/// <param name="Namespace">A DNS label, at most 63 characters.</param>
/// <param name="Name">A DNS label, at most 63 characters.</param>
/// <param name="Version">A semantic version.</param>
public sealed record WorkflowRef(string Namespace, string Name, string Version)
{
    public override string ToString() => $"{Namespace}/{Name}@{Version}";
}
