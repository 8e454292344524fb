namespace Baton.Server.Gateway;

/// <summary>What came of asking a target.</summary>
internal abstract record Attempt
{
    /// <summary>The answer went to the client, to its end or as far as it came.</summary>
    public sealed record Delivered : Attempt
    {
        public static Delivered Instance { get; } = new();
    }

    /// <summary>The beginning of an answer went to the client, which knows nothing yet of what went wrong.</summary>
    /// <param name="Begun">What another target needs to go on with it; null where none can.</param>
    public sealed record BrokenOff(GatewayError Error, BegunAnswer? Begun) : Attempt;

    /// <summary>Nothing has reached the client.</summary>
    /// <param name="MayTryAnother">False where every target would say the same.</param>
    public sealed record Failed(GatewayError Error, bool MayTryAnother) : Attempt
    {
        /// <summary>False where the target has no words for the request.</summary>
        public bool WasAsked { get; init; } = true;

        /// <summary>What the target said, to be handed on as it is; null for the error.</summary>
        public UpstreamReply? Reply { get; init; }
    }
}

/// <summary>An answer with an error, whole.</summary>
/// <param name="Headers">Those that go on, its media type among them.</param>
internal sealed record UpstreamReply(int Status, IHeaderDictionary Headers, byte[] Body);
