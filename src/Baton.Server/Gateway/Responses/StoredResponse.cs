using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>A response as it is kept: one turn of a conversation.</summary>
/// <param name="PreviousId">The response that it goes on from; null for the first of a conversation.</param>
/// <param name="Head">The response as its caller was told it, but without its output: JSON.</param>
/// <param name="Input">The items that the request added: a JSON list.</param>
/// <param name="Output">The items of the answer: a JSON list.</param>
/// <param name="Tokens">Of the whole conversation up to here, as the target counted them; 0 where it did not.</param>
internal sealed record StoredResponse(string Id, string? PreviousId, ReadOnlyMemory<byte> Head, ReadOnlyMemory<byte> Input, ReadOnlyMemory<byte> Output, long Tokens)
{
    /// <summary>The bytes that whoever goes on from it reads of it.</summary>
    public int Bytes => Input.Length + Output.Length;

    /// <summary>The response, whole.</summary>
    public JqValue ToJson() => JqValue.Parse(Head.Span).With("output", JqValue.Parse(Output.Span));

    /// <summary>Never the content.</summary>
    public override string ToString() => Id;
}

/// <summary>What a request goes on from, as it is kept here.</summary>
/// <param name="Items">Of all turns, in their order.</param>
/// <param name="Beginning">What the first turn began with: a JSON list of items.</param>
internal sealed record EarlierTurns(JqArray Items, ReadOnlyMemory<byte> Beginning)
{
    /// <summary>Nothing but what the request itself says; but what it says is of this gateway, and of no provider.</summary>
    public static readonly EarlierTurns InRequest = new(JqArray.Empty, default);

    /// <summary>Never the content.</summary>
    public override string ToString() => $"{Items.Count} items";
}

/// <summary>How much there is of a conversation up to one of its responses.</summary>
/// <param name="Tokens">As the target counted them; 0 where it did not.</param>
internal sealed record ConversationSize(long Turns, long TotalBytes, long Tokens)
{
    /// <summary>About how many tokens it adds to the prompt of whoever goes on from it.</summary>
    public long PromptTokens => Tokens > 0 ? Tokens : TotalBytes / PromptEstimate.BytesPerToken;
}
