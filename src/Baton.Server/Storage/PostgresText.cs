namespace Baton.Server.Storage;

/// <summary>PostgreSQL's texts hold neither U+0000 nor half of a surrogate pair, which JSON can: each stands there as U+FFFD, as SQLite has the latter.</summary>
internal static class PostgresText
{
    public static string? Of(string? text) => text is null || !(text.Contains('\0', StringComparison.Ordinal) || text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF')) ? text : Clean(text);

    private static string Clean(string text)
    {
        var clean = text.ToCharArray();
        for (var i = 0; i < clean.Length; i++)
        {
            if (char.IsHighSurrogate(clean[i]) && i + 1 < clean.Length && char.IsLowSurrogate(clean[i + 1])) i++;
            else if (clean[i] == '\0' || char.IsSurrogate(clean[i])) clean[i] = '\uFFFD';
        }
        return new string(clean);
    }
}
