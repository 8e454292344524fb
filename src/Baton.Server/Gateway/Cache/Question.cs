using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>A request as the last words of a user, and all the rest. What is alike may differ in the words alone: system, history, tools, format and settings have to be the same.</summary>
/// <param name="Text">What the user said last.</param>
/// <param name="Rest">The request without it, as <see cref="CanonicalRequest"/> writes it.</param>
internal sealed record Question(string Text, ReadOnlyMemory<byte> Rest)
{
    /// <returns>Null where the last word is not a user's, or is more than a text.</returns>
    public static Question? Read(Surface surface, ReadOnlyMemory<byte> request)
    {
        if (surface != Surface.ChatCompletions && surface != Surface.Messages) return null;
        var body = JqValue.Parse(request.Span);
        if (!body["messages"].TryGetArray(out var messages) || messages.Count == 0 || messages[messages.Count - 1] is not { IsObject: true } last || last["role"] != "user") return null;
        if (TextOf(last["content"]) is not { } text || string.IsNullOrWhiteSpace(text)) return null;
        var rest = body.With("messages", messages.SetItem(messages.Count - 1, last.With("content", "")));
        return CanonicalRequest.Read(surface, rest.ToUtf8Bytes()) is { } canonical ? new Question(text, canonical.Bytes) : null;
    }

    private static string? TextOf(JqValue content)
    {
        if (content.TryGetString(out var text)) return text;
        if (!content.TryGetArray(out var parts) || parts.Count != 1 || parts[0] is not { IsObject: true } part || part["type"] != "text") return null;
        return part["text"].TryGetString(out text) ? text : null;
    }

    /// <summary>Never the words.</summary>
    public override string ToString() => $"question of {Text.Length} characters";
}
