namespace Baton.Engine.Schema;

/// <summary>A reference that was followed on the way to a schema, and those before it.</summary>
/// <param name="Keyword">Where the <c>$ref</c> or <c>$dynamicRef</c> stands.</param>
/// <param name="Target">Where it led.</param>
internal sealed record ReferencePath(ReferencePath? Before, SchemaLocation Keyword, SchemaLocation Target)
{
    /// <summary>The way of the validation to a keyword: its pointer as if each reference held what it refers to.</summary>
    public static string PointerTo(ReferencePath? path, SchemaLocation keyword)
    {
        var segments = new Stack<IEnumerable<string>>();
        for (; path is not null; path = path.Before)
        {
            segments.Push(keyword.TokensFrom(path.Target));
            keyword = path.Keyword;
        }
        segments.Push(keyword.TokensFrom(null));
        return JsonPointer.Of(segments.SelectMany(tokens => tokens));
    }
}
