using System.Buffers;
using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>About how many tokens a request's prompt has, where nobody has counted them: a token for each 4 bytes of its texts, 1,000 for each piece of encoded data, and those that it is given as.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct PromptEstimate
{
    /// <summary>Of texts, about.</summary>
    public const int BytesPerToken = 4;

    /// <summary>A picture, a sound or a file is at least so long; a word never is.</summary>
    private const int DataBytes = 4096, DataTokens = 1000;

    /// <summary>What stands before the data of a data URI is shorter.</summary>
    private const int MaxUriHead = 256;

    /// <summary>An escaped character has 6 bytes as it is written, and mostly 3 or fewer as UTF-8: the same text is the same number of tokens.</summary>
    private const int EscapeOverhead = 3;

    private static readonly SearchValues<byte> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="u8);

    private long text, data, tokens;

    /// <summary>At least 1: no prompt is free, however short.</summary>
    public readonly long Tokens => Math.Max(1, (text / BytesPerToken) + (data * DataTokens) + tokens);

    /// <param name="written">A text of the request, as JSON writes it.</param>
    /// <param name="isEscaped">Whether it has a backslash.</param>
    /// <param name="name">Of the member that it is the value of, or an element of; empty for those of the request itself.</param>
    public void Add(ReadOnlySpan<byte> written, bool isEscaped, ReadOnlySpan<byte> name)
    {
        if (written.Length > DataBytes && HoldsData(name) && IsData(written)) data++;
        else text += written.Length - (isEscaped ? EscapeOverhead * Escapes(written) : 0);
    }

    /// <summary>A token as a number.</summary>
    public void AddToken() => tokens++;

    /// <summary>Where the dialects put pictures, sounds and files. In a text, encoded data is read by the model like any other, and costs what it is long.</summary>
    private static bool HoldsData(ReadOnlySpan<byte> name) =>
        name.EndsWith("url"u8) || name.EndsWith("data"u8) || name.SequenceEqual("image"u8) || name.SequenceEqual("images"u8) || name.SequenceEqual("audio"u8) || name.SequenceEqual("video"u8);

    /// <summary>Whether all of it is base64, behind the head of a data URI or without one. A text in a language that writes no spaces is not, however long.</summary>
    private static bool IsData(ReadOnlySpan<byte> written)
    {
        if (written.StartsWith("data:"u8))
        {
            var head = written[..MaxUriHead].IndexOf(";base64,"u8);
            if (head < 0) return false;
            written = written[(head + ";base64,".Length)..];
        }
        for (int at; (at = written.IndexOfAnyExcept(Base64)) >= 0;)
        {
            var length = EscapedLength(written[at..]);
            if (length == 0) return false;
            written = written[(at + length)..];
        }
        return true;
    }

    /// <summary>Some clients escape characters of base64, or break its lines.</summary>
    /// <returns>0 where that is not what begins here.</returns>
    private static int EscapedLength(ReadOnlySpan<byte> written) =>
        written.StartsWith("\\/"u8) || written.StartsWith("\\n"u8) || written.StartsWith("\\r"u8) ? 2
        : written.StartsWith("\\u002"u8) || written.StartsWith("\\u003"u8) ? 6 : 0;   // + / - =

    private static long Escapes(ReadOnlySpan<byte> written)
    {
        var count = 0L;
        for (int at; (at = written.IndexOf((byte)'\\')) >= 0; written = written[(at + 2)..])
        {
            if (written[at + 1] == (byte)'u') count++;
        }
        return count;
    }
}
