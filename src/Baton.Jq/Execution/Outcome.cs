namespace Baton.Jq;

/// <summary>How evaluating a filter ended. The error itself stands in the <see cref="Machine"/>.</summary>
/// <remarks>jq errors are ordinary results (<c>tonumber?</c> over a list), so they travel as values; exceptions would cost microseconds each.</remarks>
internal enum Outcome : byte
{
    /// <summary>There is an output. Of a loop: it ran to its end.</summary>
    Value,

    /// <summary>There is no output. Of a loop: its consumer wants no more.</summary>
    None,

    /// <summary>An error was raised.</summary>
    Error,
}
