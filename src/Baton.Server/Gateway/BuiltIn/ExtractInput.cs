using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>The question and the text of a request to <c>baton/extract</c>.</summary>
/// <remarks>
/// Best is to say which is which: <c>&lt;question&gt;…&lt;/question&gt;</c> and <c>&lt;text&gt;…&lt;/text&gt;</c>, in one message or in several. Other
/// models read these marks just as well, so that one prompt serves them all. The text ends at its last closing mark, so it may hold such marks itself;
/// what stands outside of both (instructions) is ignored. Without marks, the last user message holds the question: of its first and last paragraph the
/// one that ends with a question mark, the last one if both do, else the first one. The rest of it, and the messages before it, are the text;
/// a system message is part of it only where there is no other.
/// </remarks>
internal sealed partial record ExtractInput(string Question, string Text)
{
    /// <exception cref="WorkflowException">There is no question, or no text to find an answer in.</exception>
    public static ExtractInput Of(ModelRequest request)
    {
        var whole = string.Join("\n\n", request.Messages.Where(message => message.Role != "assistant").Select(message => message.Content));
        var input = Marked(whole) ?? Unmarked(request.Messages);
        if (string.IsNullOrWhiteSpace(input.Question)) throw Missing("no question");
        return string.IsNullOrWhiteSpace(input.Text) ? throw Missing("no text") : input;
    }

    private static ExtractInput? Marked(string whole)
    {
        var question = Opening("question", whole);
        var text = Opening("text", whole);
        if (question is null && text is null) return null;
        if (question is null || text is null) throw Missing(question is null ? "no <question>" : "no <text>");
        if (question.Index < text.Index)
        {
            // The question is over at its first closing mark; the text is what comes after it.
            var end = whole.IndexOf("</question>", question.Index, StringComparison.OrdinalIgnoreCase);
            if (end < 0) throw Missing("no </question>");
            var after = whole[end..];
            if (Opening("text", after) is not { } behind) throw Missing("no <text> behind </question>");
            return new ExtractInput(whole[(question.Index + question.Length)..end].Trim(), Inside(after, behind));
        }
        var close = whole.LastIndexOf("</text>", StringComparison.OrdinalIgnoreCase);
        if (close < text.Index) throw Missing("no </text>");
        var rest = whole[close..];
        if (Opening("question", rest) is not { } asked) throw Missing("no <question> behind </text>");
        var stop = rest.IndexOf("</question>", asked.Index, StringComparison.OrdinalIgnoreCase);
        return new ExtractInput(rest[(asked.Index + asked.Length)..(stop < 0 ? rest.Length : stop)].Trim(), whole[(text.Index + text.Length)..close]);
    }

    private static string Inside(string after, Match opening)
    {
        var close = after.LastIndexOf("</text>", StringComparison.OrdinalIgnoreCase);
        return close > opening.Index ? after[(opening.Index + opening.Length)..close] : throw Missing("no </text>");
    }

    private static Match? Opening(string name, string text) => (name == "text" ? TextMark() : QuestionMark()).Match(text) is { Success: true } match ? match : null;

    private static ExtractInput Unmarked(ImmutableArray<ModelMessage> messages)
    {
        if (messages.LastOrDefault(message => message.Role == "user") is not { } last) throw Missing("no user message");
        var paragraphs = BlankLines().Split(last.Content.Trim());
        var isLast = paragraphs[^1].TrimEnd().EndsWith('?') || (paragraphs.Length == 1);
        var (question, own) = isLast ? (paragraphs[^1], paragraphs[..^1]) : (paragraphs[0], paragraphs[1..]);
        var before = messages.TakeWhile(message => !ReferenceEquals(message, last)).ToArray();
        var text = string.Join("\n\n", before.Where(message => message.Role is not ("system" or "developer")).Select(message => message.Content).Concat(own));
        if (string.IsNullOrWhiteSpace(text)) text = string.Join("\n\n", before.Select(message => message.Content));
        return new ExtractInput(question.Trim(), text);
    }

    private static WorkflowException Missing(string what) =>
        CallErrors.Invalid($"{ExtractModel.Name} answers from a given text only, and these messages hold {what}. Write <question>…</question> and <text>…</text> into a user message, or ask a model of a provider.");

    [GeneratedRegex(@"<text>", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex TextMark();

    [GeneratedRegex(@"<question>", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex QuestionMark();

    [GeneratedRegex(@"\r?\n[ \t]*\r?\n\s*", RegexOptions.NonBacktracking)]
    private static partial Regex BlankLines();
}
