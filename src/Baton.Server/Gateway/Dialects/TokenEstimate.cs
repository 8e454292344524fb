using System.Text;

namespace Baton.Server.Gateway;

/// <summary>How many tokens a prompt may have, for targets that cannot be asked.</summary>
internal static class TokenEstimate
{
    /// <summary>Bytes of UTF-8 to a token: about right for English, too many tokens rather than too few for most else.</summary>
    private const int BytesPerToken = 4;

    /// <summary>Of an image of ordinary size; and what the marks around a turn or a tool come to.</summary>
    private const int TokensPerImage = 1600, TokensPerPiece = 4;

    /// <summary>An estimate, off by a third or more at times.</summary>
    public static long Of(Conversation conversation) =>
        conversation.Turns.Sum(turn => TokensPerPiece + turn.Parts.Sum(Of)) + conversation.Tools.Sum(tool => TokensPerPiece + Of(tool.Name) + Of(tool.Description) + Of(tool.Schema.ToJson()));

    private static long Of(Part part) => part switch
    {
        Part.Text text => Of(text.Value),
        Part.Thinking thought => Of(thought.Value),
        Part.ToolCall call => TokensPerPiece + Of(call.Name) + Of(call.Arguments),
        Part.ToolResult result => TokensPerPiece + result.Content.Sum(Of),
        Part.Image or Part.ImageUrl => TokensPerImage,
        Part.Document document => document.Base64.Length / BytesPerToken,
        _ => 0,
    };

    private static long Of(string? text) => text is null ? 0 : (Encoding.UTF8.GetByteCount(text) + BytesPerToken - 1) / BytesPerToken;
}
