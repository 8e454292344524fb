namespace Baton.Engine.Schema;

/// <summary>A schema with a URI of its own: a document, or a part of one that has an <c>$id</c>.</summary>
internal sealed class SchemaResource(string uri, SchemaLocation root, Dialect dialect)
{
    /// <summary>The absolute URI, without fragment, that references inside are relative to.</summary>
    public string Uri { get; } = uri;

    public SchemaLocation Root { get; } = root;

    public Dialect Dialect { get; } = dialect;

    /// <summary>Targets of <c>#name</c>: both kinds of anchors.</summary>
    public Dictionary<string, SchemaLocation> Anchors { get; } = new(StringComparer.Ordinal);

    /// <summary>The anchors that an outer resource may replace.</summary>
    public Dictionary<string, SchemaLocation> DynamicAnchors { get; } = new(StringComparer.Ordinal);
}
