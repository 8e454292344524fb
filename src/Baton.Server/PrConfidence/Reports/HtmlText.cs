using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>
/// HTML under construction. Literal parts of an interpolated string are markup; whatever is put into its holes is escaped. There is no way to add
/// a value unescaped, because a diff is hostile input.
/// </summary>
internal sealed class HtmlText
{
    private readonly StringBuilder text = new();

    public void Add(Markup markup) => text.Append(markup.Text);

    /// <summary>The style sheet, which is a constant of this program.</summary>
    public void AddStyle() => text.Append(HtmlStyle.Css);

    /// <summary>Lines of code: line feeds are kept.</summary>
    public void AddCode(string code) => Escape(text, Visible.Lines(code));

    /// <summary>A sentence in which what stands between backticks is a name.</summary>
    public void AddProse(string sentence)
    {
        foreach (var (part, isName) in Wording.Parts(Visible.Line(sentence)))
        {
            if (isName) text.Append("<code>");
            Escape(text, part);
            if (isName) text.Append("</code>");
        }
    }

    public override string ToString() => text.ToString();

    private static void Escape(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '&' => text.Append("&amp;"),
                '<' => text.Append("&lt;"),
                '>' => text.Append("&gt;"),
                '"' => text.Append("&quot;"),
                '\'' => text.Append("&#39;"),
                '`' => text.Append("&#96;"),
                _ => text.Append(c),
            };
        }
    }

    [InterpolatedStringHandler]
    public readonly ref struct Markup(int literalLength, int formattedCount)
    {
        private const int LikelyHole = 24;

        internal StringBuilder Text { get; } = new(literalLength + (formattedCount * LikelyHole));

        public void AppendLiteral(string markup) => Text.Append(markup);

        public void AppendFormatted(string? value) => Escape(Text, Visible.Line(value ?? ""));

        public void AppendFormatted(int value) => Text.Append(value.ToString(CultureInfo.InvariantCulture));

        public void AppendFormatted(double value, string format) => Escape(Text, value.ToString(format, CultureInfo.InvariantCulture));

        public void AppendFormatted(DateTimeOffset value, string format) => Escape(Text, value.ToString(format, CultureInfo.InvariantCulture));
    }
}
