using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>
/// Schemas that others may refer to by URI. Immutable and safe to share between threads. References to other documents are resolved
/// from here only, never over a network; the metaschema of draft 2020-12 is always known.
/// </summary>
public sealed class SchemaRegistry
{
    private readonly ImmutableDictionary<string, JqValue> schemas;

    private SchemaRegistry(ImmutableDictionary<string, JqValue> schemas) => this.schemas = schemas;

    /// <summary>The registry without schemas.</summary>
    public static SchemaRegistry Empty { get; } = new(ImmutableDictionary.Create<string, JqValue>(StringComparer.Ordinal));

    /// <summary>
    /// This registry and one schema more, or another one in its place. The schema is also found under its <c>$id</c>, unless that names
    /// another one. It is checked when a schema that refers to it is compiled.
    /// </summary>
    /// <param name="uri">Where it would be found: an absolute URI without fragment.</param>
    /// <param name="schema">The document.</param>
    /// <exception cref="ArgumentException"><paramref name="uri"/> is relative or has a fragment.</exception>
    public SchemaRegistry With(string uri, JqValue schema)
    {
        ArgumentNullException.ThrowIfNull(uri);
        var parts = UriReference.Parse(uri);
        if (parts.Scheme is null || parts.Fragment is { Length: > 0 })
        {
            throw new ArgumentException($"The URI of a schema must be absolute and without fragment, such as https://example.com/person.json, but is {Wording.Quote(uri)}.", nameof(uri));
        }
        var key = parts.WithoutFragment();
        var more = schemas.SetItem(key, schema);
        if (schema.TryGetObject(out var members) && members.TryGetValue("$id", out var named) && named.TryGetString(out var id))
        {
            var ownUri = UriReference.Resolve(key, id).WithoutFragment();
            if (!more.ContainsKey(ownUri)) more = more.Add(ownUri, schema);
        }
        return new SchemaRegistry(more);
    }

    internal bool TryGet(string uri, out JqValue schema) => schemas.TryGetValue(uri, out schema);
}
