namespace Baton.Jq;

/// <summary>The surroundings of one run of a program. A program sees nothing else: no environment, no files, no modules.</summary>
public sealed record JqOptions
{
    /// <summary>The options used when none are given.</summary>
    public static JqOptions Default { get; } = new();

    /// <summary>What the run may use up.</summary>
    public JqLimits Limits { get; init; } = JqLimits.Default;

    /// <summary>
    /// The clock of <c>now</c>, and with its local time zone that of <c>localtime</c>, <c>strflocaltime</c> and <c>mktime</c> of local times.
    /// Default: the system's. A caller that must be deterministic gives its own.
    /// </summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Receives what <c>debug</c> (as <c>["DEBUG:", value]</c>) and <c>stderr</c> write. Default: it is dropped.</summary>
    public Action<JqValue>? Debug { get; init; }

    /// <summary>Default options with these limits.</summary>
    public static implicit operator JqOptions?(JqLimits? limits) => limits is null ? null : new() { Limits = limits };
}
