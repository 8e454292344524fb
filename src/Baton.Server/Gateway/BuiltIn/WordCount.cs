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
            var isLetter = char.IsLetterOrDigit(c) || c == '_';
            if (isLetter ? !isInWord : !char.IsWhiteSpace(c)) count++;
            isInWord = isLetter;
        }
        return count;
    }
}
