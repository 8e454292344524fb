using System.Text;

namespace Baton.Server.Gateway;

/// <summary>
/// Puts together what hosts cut in two that count their text in UTF-16: the first half of a surrogate pair waits for the next piece of its text. What stays alone becomes U+FFFD, as many
/// readers of JSON refuse it. One for each answer; not thread-safe.
/// </summary>
internal sealed class SurrogatePairs
{
    private const char Replacement = '\uFFFD';

    private readonly List<AnswerEvent> halves = [];   // of each text at most one

    /// <param name="from">The first of the events that are new.</param>
    public void Join(List<AnswerEvent> events, int from)
    {
        for (var i = from; i < events.Count; i++)
        {
            if (events[i] is AnswerEvent.Stop or AnswerEvent.End)
            {
                events.InsertRange(i, halves.Select(static half => With(half, $"{Replacement}")));
                i += halves.Count;
                halves.Clear();
                continue;
            }
            if (TextOf(events[i]) is not { Length: > 0 } text || (halves.Count == 0 && !HasSurrogates(text))) continue;
            text = Join(events[i], text);
            if (text.Length > 0) events[i] = With(events[i], text);
            else events.RemoveAt(i--);
        }
    }

    /// <summary>A text without halves of pairs.</summary>
    public static string Replace(string text)
    {
        if (!HasSurrogates(text)) return text;
        var whole = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) whole.Append(rune);   // which replaces them
        return whole.ToString();
    }

    private string Join(AnswerEvent said, string text)
    {
        if (halves.FindIndex(half => IsOfOne(half, said)) is >= 0 and var waiting)
        {
            text = TextOf(halves[waiting]) + text;
            halves.RemoveAt(waiting);
        }
        if (char.IsHighSurrogate(text[^1]))
        {
            halves.Add(With(said, text[^1..]));
            text = text[..^1];
        }
        return Replace(text);
    }

    private static bool HasSurrogates(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    private static bool IsOfOne(AnswerEvent one, AnswerEvent other) => one.GetType() == other.GetType() && (one as AnswerEvent.ToolArguments)?.Call == (other as AnswerEvent.ToolArguments)?.Call;

    private static string? TextOf(AnswerEvent said) => said switch
    {
        AnswerEvent.Text text => text.Value,
        AnswerEvent.Thinking thought => thought.Value,
        AnswerEvent.Refusal refusal => refusal.Value,
        AnswerEvent.ToolArguments fragment => fragment.Fragment,
        _ => null,
    };

    private static AnswerEvent With(AnswerEvent said, string text) => said switch
    {
        AnswerEvent.Text => new AnswerEvent.Text(text),
        AnswerEvent.Thinking => new AnswerEvent.Thinking(text),
        AnswerEvent.Refusal => new AnswerEvent.Refusal(text),
        AnswerEvent.ToolArguments fragment => fragment with { Fragment = text },
        _ => said,
    };
}
