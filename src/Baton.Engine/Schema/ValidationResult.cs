using System.Collections.Immutable;

namespace Baton.Engine.Schema;

/// <summary>The outcome of <see cref="JsonSchema.Validate"/>. Immutable.</summary>
public sealed class ValidationResult
{
    internal ValidationResult(ImmutableArray<ValidationError> errors, bool isTruncated = false, ValidationLimit? limit = null)
    {
        Errors = errors;
        IsTruncated = isTruncated;
        Limit = limit;
    }

    /// <summary>Whether the value fits the schema. False also when a limit ended the validation.</summary>
    public bool IsValid => Errors.IsEmpty;

    /// <summary>Everything that must be mended; empty for a valid value.</summary>
    public ImmutableArray<ValidationError> Errors { get; }

    /// <summary>Whether there are more errors than were asked for.</summary>
    public bool IsTruncated { get; }

    /// <summary>The limit that ended the validation before its end, which the last error explains; null as a rule.</summary>
    public ValidationLimit? Limit { get; }

    internal static ValidationResult Valid { get; } = new([]);

    /// <summary>
    /// The errors as a short text that a language model can mend its answer by: a line each, of alternatives the one that is nearest.
    /// </summary>
    /// <param name="maxLength">Longest text in characters; at least 200.</param>
    /// <returns>The text, without a line break at its end; empty for a valid value.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxLength"/> is below 200.</exception>
    public string ToRepairText(int maxLength = 2_000)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 200);
        return RepairText.Of(this, maxLength);
    }

    /// <summary>The messages, a line each.</summary>
    public override string ToString() => IsValid ? "The value is valid." : string.Join('\n', Errors);
}
