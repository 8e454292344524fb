namespace Baton.Server.Gateway;

/// <summary>The headers by which clients and the gateway talk of answers that are kept.</summary>
internal static class CacheHeaders
{
    /// <summary>Asked: <c>bypass</c>, <c>refresh</c> or <c>only-if-cached</c>. Answered: <c>hit</c>, <c>miss</c>, <c>coalesced</c>, <c>stale</c> or <c>bypass</c>.</summary>
    public const string Cache = "x-baton-cache";

    /// <summary>Answered with a hit for a question that is only alike: the cosine between the two, from 0.5 to 1.</summary>
    public const string Similarity = "x-baton-cache-similarity";

    /// <summary>Asked: <c>true</c>, for ids in the events of a stream. Answered: whether they are there.</summary>
    public const string Resumable = "x-baton-resumable";

    /// <summary>The last event that a client has seen (WHATWG HTML, section 9.2.4).</summary>
    public const string LastEventId = "Last-Event-ID";
}
