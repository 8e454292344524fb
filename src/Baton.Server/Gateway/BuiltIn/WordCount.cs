namespace Baton.Server.Gateway;

/// <summary>Tokens of models that have none: words and single marks. It comes near to what tokenizers give for English.</summary>
internal static class WordCount
{
    public static ModelUsage Usage(ModelRequest request, string answer)
    {
        var (prompt, completion) = (Of(request), Of(answer));
        return new ModelUsage(prompt, completion, prompt + completion);
    }

    /// <summary>Of a prompt.</summary>
    public static long Of(ModelRequest request) => request.Messages.Sum(message => Of(message.Content));

    public static long Of(string text)
    {
        var (count, isInWord) = (0L, false);
        foreach (var c in text)
        {
            if (Begins(c, ref isInWord)) count++;
        }
        return count;
    }

    /// <summary>How many characters the first tokens of a text take; all of them where there are no more tokens.</summary>
    public static int LengthOf(string text, int most)
    {
        var (count, isInWord, end) = (0, false, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (Begins(text[i], ref isInWord) && ++count > most) return end > 0 && char.IsHighSurrogate(text[end - 1]) ? text.AsSpan(0, end - 1).TrimEnd().Length : end;   // half a character is none
            if (!char.IsWhiteSpace(text[i])) end = i + 1;
        }
        return text.Length;
    }

    /// <summary>Whether a token begins with a character.</summary>
    private static bool Begins(char c, ref bool isInWord)
    {
        var (wasInWord, isLetter) = (isInWord, char.IsLetterOrDigit(c) || c == '_');
        isInWord = isLetter;
        return isLetter ? !wasInWord : !char.IsWhiteSpace(c);
    }
}
