using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>
/// A source file as lines in which comments, and contents of strings, are blanked out, so that a recogniser cannot find a declaration in prose.
/// Blanks keep every column where it was.
/// </summary>
internal sealed class SourceLines
{
    private static readonly Regex Blanks = new(@"\s+", RegexOptions.NonBacktracking);
    private readonly string[] code;
    private readonly string[] text;

    private SourceLines(string[] code, string[] text) => (this.code, this.text) = (code, text);

    public int Count => code.Length;

    /// <summary>Without comments and without what stands in strings.</summary>
    public string Code(int index) => code[index];

    /// <summary>Without comments; strings are kept.</summary>
    public string Text(int index) => text[index];

    public static SourceLines Read(string source, string language)
    {
        var masked = SourceMask.Apply(source, language);
        return new(Split(masked.Code), Split(masked.Text));
    }

    /// <summary>The statement that begins in this line: up to the line in which its brackets are closed and its body or the next statement begins.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="ends">Characters that end it once all brackets are closed.</param>
    /// <param name="withStrings">Keep what stands in strings.</param>
    public string Statement(int index, string ends, bool withStrings = true)
    {
        var statement = new StringBuilder();
        var depth = 0;
        for (var i = index; i < Math.Min(Count, index + 20); i++)
        {
            var line = code[i];
            for (var column = 0; column < line.Length; column++)
            {
                var c = line[column];
                if (c is '(' or '[') depth++;
                else if (c is ')' or ']') depth--;
                else if (depth <= 0 && ends.Contains(c, StringComparison.Ordinal)) return Tidy(statement.Append((withStrings ? text[i] : line)[..column]));
            }
            statement.Append(withStrings ? text[i] : line).Append(' ');
            if (depth <= 0 && ends.Contains('\n', StringComparison.Ordinal)) break;
        }
        return Tidy(statement);
    }

    private static string Tidy(StringBuilder statement) =>
        GitText.Cut(Blanks.Replace(statement.ToString(), " ").Trim()
            .Replace("( ", "(", StringComparison.Ordinal).Replace(" )", ")", StringComparison.Ordinal).Replace(",)", ")", StringComparison.Ordinal), 240);

    private static string[] Split(string source) => source.Split('\n');
}
