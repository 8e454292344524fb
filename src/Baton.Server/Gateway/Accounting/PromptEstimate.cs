using System.Text.Json;

namespace Baton.Server.Gateway;

/// <summary>About how many tokens a request's prompt has, where nobody has counted them.</summary>
internal static class PromptEstimate
{
    /// <summary>Of texts, about.</summary>
    public const int BytesPerToken = 4;

    /// <summary>A picture, a sound or a file: a text this long without a space is no words.</summary>
    private const int DataBytes = 4096, DataTokens = 1000;

    /// <returns>A token for each 4 bytes of the body's texts, and 1,000 for each piece of encoded data.</returns>
    public static long Of(ReadOnlySpan<byte> body)
    {
        var (text, data) = (0L, 0L);
        var json = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1024 });
        try
        {
            while (json.Read())
            {
                if (json.TokenType != JsonTokenType.String) continue;
                if (json.ValueSpan.Length > DataBytes && json.ValueSpan[..DataBytes].IndexOfAny((byte)' ', (byte)'\\') < 0) data++;
                else text += json.ValueSpan.Length;
            }
        }
        catch (JsonException)
        {
            // Up to where it is JSON: it is an estimate.
        }
        return (text / BytesPerToken) + (data * DataTokens);
    }
}
