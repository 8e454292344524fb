using System.Collections.Immutable;

namespace Baton.Server.Gateway;

/// <summary>What routing looks at of a request, beside its model and its dialect.</summary>
/// <param name="Headers">Of the request; null for a call from within this process.</param>
/// <param name="Caller">The name of its credential.</param>
internal sealed record RoutingFacts(IHeaderDictionary? Headers, string? Caller)
{
    public const string TagsHeader = "x-baton-tags";

    /// <summary>The same for all requests of one conversation, as far as they show it; 0 where nothing shows it.</summary>
    public ulong Conversation { get; init; }

    /// <summary>As the header and the body name them; in no order, perhaps twice.</summary>
    public ImmutableArray<string> Tags { get; init; } = [];

    /// <summary>The body is looked at only where a route of the chain asks for something in it.</summary>
    /// <param name="beginning">See <see cref="Conversations.Read"/>.</param>
    public static RoutingFacts Of(IHeaderDictionary headers, string caller, ModelRoute route, ReadOnlySpan<byte> body, ReadOnlySpan<byte> beginning = default)
    {
        var facts = new RoutingFacts(headers, caller);
        if (route.Chain.All(static one => !one.ReadsConversation && !one.ReadsTags)) return facts;
        var (conversation, tags) = Conversations.Read(body, beginning);
        return facts with
        {
            Conversation = Conversations.OfHeaders(headers) is not 0 and var session ? session : conversation,
            Tags = headers.TryGetValue(TagsHeader, out var named) ? tags.AddRange(Split(named.ToString())) : tags,
        };
    }

    public static string[] Split(string tags) => tags.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
