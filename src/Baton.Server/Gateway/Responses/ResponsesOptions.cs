using System.ComponentModel.DataAnnotations;

namespace Baton.Server.Gateway;

/// <summary>Responses that are kept here, where the target keeps none: for callers who go on from them by <c>previous_response_id</c>.</summary>
internal sealed class ResponsesOptions
{
    public const string Section = "Gateway:Responses";

    /// <summary>How long after its last turn a conversation is kept. Default 30 days; 0 to keep nothing.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "36500.00:00:00")]
    public TimeSpan KeepFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Most turns of one conversation. Default 500.</summary>
    [Range(1, 100_000)]
    public int MaxTurns { get; set; } = 500;

    /// <summary>Most bytes of a conversation that can be gone on from: the items of all its turns. Default 32 MiB.</summary>
    [Range(1024, 1 << 30)]
    public int MaxConversationBytes { get; set; } = 32 << 20;
}
