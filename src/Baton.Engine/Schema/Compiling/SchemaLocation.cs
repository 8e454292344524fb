using System.Text;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>A place in a schema document: a schema, a keyword, or whatever a pointer leads to. Each place of a document exists once.</summary>
/// <remarks>
/// Places know their parents instead of their pointers: with long keys or deep nesting the texts would outgrow the schema. Children are
/// only asked for while a schema is compiled, by one thread.
/// </remarks>
internal sealed class SchemaLocation
{
    private const int ExcerptLength = 200;

    /// <summary>Up to this many children are looked through one by one: most schemas have a few keywords, some have thousands of properties.</summary>
    private const int LinearLimit = 8;

    private readonly string token;
    private SchemaLocation? youngest;
    private SchemaLocation? elder;   // the child of the same parent that was asked for before
    private int children;
    private Dictionary<string, SchemaLocation>? index;

    private SchemaLocation(SchemaLocation? parent, string token, string document, in JqValue value)
    {
        Parent = parent;
        this.token = token;
        Document = document;
        Value = value;
        Resource = parent?.Resource;
    }

    public SchemaLocation? Parent { get; }

    /// <summary>Where the document was found; empty for the schema that is being compiled.</summary>
    public string Document { get; }

    public JqValue Value { get; }

    /// <summary>The last token of the pointer: for a keyword its name.</summary>
    public string Name => token;

    /// <summary>The resource that this place belongs to. Set when the document is scanned, before any place in it is asked for its children.</summary>
    public SchemaResource? Resource { get; set; }

    /// <summary>The compiled schema of this place, if it is one and something uses it.</summary>
    public SchemaNode? Node { get; set; }

    /// <summary>The pointer from the root of the document, after the document's URI unless it is the schema that is being compiled.</summary>
    public string Pointer => Document.Length == 0 ? JsonPointer.Of(TokensFrom(null)) : $"{Document}#{JsonPointer.Of(TokensFrom(null))}";

    public static SchemaLocation Root(string document, in JqValue value) => new(null, "", document, value);

    /// <summary>The member or item that a token of a JSON pointer names; null when there is none.</summary>
    public SchemaLocation? Child(string token)
    {
        if (FindChild(token) is { } known) return known;
        JqValue value;
        if (Value.TryGetObject(out var members))
        {
            if (!members.TryGetValue(token, out value)) return null;
        }
        else
        {
            var position = JsonPointer.Index(token);
            if (!Value.TryGetArray(out var items) || position < 0 || position >= items.Count) return null;
            value = items[position];
        }
        var child = new SchemaLocation(this, token, Document, value) { elder = youngest };
        youngest = child;
        if (++children > LinearLimit) AddToIndex(child);
        return child;
    }

    private SchemaLocation? FindChild(string token)
    {
        if (index is not null) return index.GetValueOrDefault(token);
        var child = youngest;
        while (child is not null && child.token != token) child = child.elder;
        return child;
    }

    private void AddToIndex(SchemaLocation child)
    {
        if (index is null)
        {
            index = new Dictionary<string, SchemaLocation>(StringComparer.Ordinal);
            for (var known = child.elder; known is not null; known = known.elder) index.Add(known.token, known);
        }
        index.Add(child.token, child);
    }

    /// <summary>The tokens that lead here from <paramref name="ancestor"/>, or from the root of the document.</summary>
    public IEnumerable<string> TokensFrom(SchemaLocation? ancestor)
    {
        var tokens = new Stack<string>();
        for (var place = this; place != ancestor && place.Parent is { } parent; place = parent) tokens.Push(place.token);
        return tokens;
    }

    /// <summary>The end of the pointer, short enough for a message and on one line.</summary>
    public override string ToString()
    {
        var pointer = new StringBuilder();
        for (var place = this; place.Parent is { } parent; place = parent)
        {
            if (pointer.Length > ExcerptLength) return pointer.Insert(0, '…').ToString();
            pointer.Insert(0, Wording.Plain(JsonPointer.Escape(place.token))).Insert(0, '/');
        }
        return Document.Length == 0 ? pointer.ToString() : $"{Wording.Plain(Document, ExcerptLength)}#{pointer}";
    }
}
