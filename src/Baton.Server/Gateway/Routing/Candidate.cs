namespace Baton.Server.Gateway;

/// <summary>How a target stands towards a request, best first.</summary>
internal enum Standing
{
    /// <summary>It may be asked, and serves only requests like this one.</summary>
    Meant,

    /// <summary>It may be asked.</summary>
    Ready,

    /// <summary>It may be asked, but has first to load the model, while others have it loaded.</summary>
    Cold,

    /// <summary>It has asked, by 429, not to be asked for now: after all others.</summary>
    Cooling,

    /// <summary>It has failed repeatedly; one request may find out whether it is well: after all others.</summary>
    Trial,

    /// <summary>It has failed repeatedly, and is left alone.</summary>
    Open,

    /// <summary>It has as many requests under way as it may have.</summary>
    Full,

    /// <summary>It gets no new requests, as it is to be taken away.</summary>
    Draining,

    /// <summary>The request is not one of those that it serves.</summary>
    NotMeant,

    /// <summary>It does not speak the dialect.</summary>
    OtherDialect,
}

/// <summary>A target as routing sees it for one request, for people who ask why.</summary>
/// <param name="Chance">With which it would be asked first, 0 to 1; of the targets of models that stand in, should all before them fail.</param>
/// <param name="Why">What keeps it back, in a few words; null for nothing.</param>
/// <param name="Load">Requests under way that count for it.</param>
/// <param name="FirstByteMs">Moving average; 0 for not known.</param>
internal sealed record Candidate(ModelRoute Route, ModelTarget Target, Standing Standing, double Chance, string? Why, double Load, double FirstByteMs);
