using System.Globalization;
using System.Text;

namespace Baton.Server.Outbound;

/// <summary>Writes the head of a request or an answer in HTTP/1.1 into bytes that are enough for it: see <see cref="MostOf(string)"/>.</summary>
internal ref struct HeadWriter(Span<byte> to)
{
    private const int MostOfCharacter = 3;   // in UTF-8

    private readonly Span<byte> to = to;

    /// <summary>Bytes that were written.</summary>
    public int Length { get; private set; }

    /// <summary>As many bytes as a text takes at most.</summary>
    public static int MostOf(string text) => MostOfCharacter * text.Length;

    /// <summary>As many bytes as a header takes at most, with its line's end.</summary>
    public static int MostOf(string name, string value) => MostOf(name) + MostOf(value) + 4;

    public void Add(string text) => Length += Encoding.UTF8.GetBytes(text, to[Length..]);

    public void Add(ReadOnlySpan<byte> text)
    {
        text.CopyTo(to[Length..]);
        Length += text.Length;
    }

    public void Add(int number)
    {
        number.TryFormat(to[Length..], out var digits, provider: CultureInfo.InvariantCulture);
        Length += digits;
    }

    public void AddHeader(string name, string value)
    {
        Add(name);
        Add(": "u8);
        Add(value);
        Add("\r\n"u8);
    }
}
