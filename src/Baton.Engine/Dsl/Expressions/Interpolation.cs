using System.Text;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>Finds the <c>${ }</c> in a text. A literal <c>${</c> is written <c>$${</c>.</summary>
internal static class Interpolation
{
    public readonly record struct Part(bool IsExpression, string Text);

    /// <summary>Splits a text into its literal parts and its expressions. White space around a single expression does not count.</summary>
    /// <exception cref="UnclosedExpressionException">A <c>${</c> has no end.</exception>
    public static List<Part> Split(string text)
    {
        var parts = new List<Part>();
        var literal = new StringBuilder();
        for (var i = 0; i < text.Length;)
        {
            if (text.AsSpan(i).StartsWith("$${"))
            {
                literal.Append("${");
                i += 3;
            }
            else if (text.AsSpan(i).StartsWith("${"))
            {
                var end = FindEnd(text, i + 2) ?? throw new UnclosedExpressionException(text[i..]);
                if (literal.Length > 0) parts.Add(new Part(false, literal.ToString()));
                literal.Clear();
                parts.Add(new Part(true, text[(i + 2)..end].Trim()));
                i = end + 1;
            }
            else literal.Append(text[i++]);
        }
        if (literal.Length > 0) parts.Add(new Part(false, literal.ToString()));
        if (parts.Count(part => part.IsExpression) == 1) parts.RemoveAll(part => !part.IsExpression && string.IsNullOrWhiteSpace(part.Text) && OnlySpaceAround(parts));
        return parts;
    }

    private static bool OnlySpaceAround(List<Part> parts) => parts.TrueForAll(part => part.IsExpression || string.IsNullOrWhiteSpace(part.Text));

    /// <summary>The position of the brace that closes an expression; braces in jq's strings do not count, those in their interpolations do.</summary>
    private static int? FindEnd(string text, int start)
    {
        var open = new Stack<char>();   // '{' or '(' in code, '"' for a string
        for (var i = start; i < text.Length; i++)
        {
            var c = text[i];
            if (open.TryPeek(out var top) && top == '"')
            {
                if (c == '\\' && i + 1 < text.Length && text[++i] == '(') open.Push('(');
                else if (c == '"') open.Pop();
                continue;
            }
            switch (c)
            {
                case '"': open.Push('"'); break;
                case '{': open.Push('{'); break;
                case '(': open.Push('('); break;
                case ')' when open.TryPeek(out var paren) && paren == '(': open.Pop(); break;
                case '}' when open.Count == 0: return i;
                case '}' when open.TryPeek(out var brace) && brace == '{': open.Pop(); break;
            }
        }
        return null;
    }
}

/// <summary>A text begins an expression and does not end it: taken as a literal, the mistake would only show in what comes out.</summary>
internal sealed class UnclosedExpressionException(string rest) : FormatException("An expression is not closed.")
{
    /// <summary>The text from its beginning on.</summary>
    public string Rest => rest;
}
