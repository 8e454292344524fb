using System.Text.Json;

namespace Baton.Chaos.Work;

/// <summary>A run that a node has said to have, and what has been seen of it since.</summary>
/// <param name="No">Which of this chaos run's: it stands in the input, in the label and in every call.</param>
/// <param name="After">How long the client had to try.</param>
internal sealed record AcknowledgedRun(int No, Script Script, string Id, TimeSpan After)
{
    /// <summary>Where it was seen to have ended, by whoever followed it.</summary>
    public volatile string? Ended;

    public JsonElement? Output { get; set; }

    /// <summary>Why it failed, where it did.</summary>
    public string? Error { get; set; }
}
