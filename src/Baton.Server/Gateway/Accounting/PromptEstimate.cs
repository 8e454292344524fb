using System.Runtime.InteropServices;

namespace Baton.Server.Gateway;

/// <summary>About how many tokens a request's prompt has, where nobody has counted them: a token for each 4 bytes of its texts, 1,000 for each piece of encoded data, and those that it is given as.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct PromptEstimate
{
    /// <summary>Of texts, about.</summary>
    public const int BytesPerToken = 4;

    /// <summary>A picture, a sound or a file: a text this long without a space is no words.</summary>
    private const int DataBytes = 4096, DataTokens = 1000;

    private long text, data, tokens;

    /// <summary>At least 1: no prompt is free, however short.</summary>
    public readonly long Tokens => Math.Max(1, (text / BytesPerToken) + (data * DataTokens) + tokens);

    /// <param name="written">A text of the request, as JSON writes it.</param>
    public void Add(ReadOnlySpan<byte> written)
    {
        if (written.Length > DataBytes && written[..DataBytes].IndexOfAny((byte)' ', (byte)'\\') < 0) data++;
        else text += written.Length;
    }

    /// <summary>A token as a number.</summary>
    public void AddToken() => tokens++;
}
