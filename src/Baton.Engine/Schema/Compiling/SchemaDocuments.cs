using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>The documents of one compilation: finds what has a URI or an anchor in them, and loads more of them when a reference leads there.</summary>
internal sealed class SchemaDocuments(SchemaRegistry registry, ProblemList problems)
{
    /// <summary>The base of references in a schema without <c>$id</c>: nothing else can have this URI.</summary>
    private const string NoUri = "schema:///";

    /// <summary>Longest URI of a schema: every reference inside is resolved against it.</summary>
    private const int MaxUriLength = 2_000;

    private readonly Dictionary<string, SchemaResource> byUri = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Dialect> dialects = new(StringComparer.Ordinal);
    private readonly List<SchemaResource> resources = [];

    public IReadOnlyList<SchemaResource> Resources => resources;

    /// <summary>Takes the schema that is to be compiled.</summary>
    public SchemaLocation AddMain(in JqValue schema) => Scan(SchemaLocation.Root("", schema), NoUri).Root;

    /// <summary>The place that a reference leads to, or null after reporting why it leads nowhere.</summary>
    /// <param name="dynamicAnchor">The name of the dynamic anchor, if it is one that leads there.</param>
    public SchemaLocation? Resolve(SchemaLocation keyword, string reference, out string? dynamicAnchor)
    {
        dynamicAnchor = null;
        var own = keyword.Resource!;
        var resource = reference.StartsWith('#') ? own : Find(UriReference.Resolve(own.Uri, reference).WithoutFragment());
        if (resource is null)
        {
            problems.Add(keyword, $"refers to {Wording.Quote(reference)}, but no schema with that URI is known. Give an $id in this schema that URI, or add the schema to the registry in the options: nothing is fetched");
            return null;
        }
        var fragment = Uri.UnescapeDataString(UriReference.Parse(reference).Fragment ?? "");
        if (fragment.Length > 0 && fragment[0] != '/') return FindAnchor(keyword, resource, fragment, out dynamicAnchor);
        return FollowPointer(keyword, resource, fragment);
    }

    private SchemaResource? Find(string uri)
    {
        if (byUri.TryGetValue(uri, out var known)) return known;
        if (!Metaschemas.TryGet(uri, out var schema) && !registry.TryGet(uri, out schema)) return null;
        if (!byUri.TryGetValue(UriOf(schema, uri), out var resource)) resource = Scan(SchemaLocation.Root(uri, schema), uri);
        byUri[uri] = resource;
        return resource;
    }

    private static string UriOf(in JqValue schema, string baseUri) =>
        schema.TryGetObject(out var members) && members.TryGetValue("$id", out var id) && id.TryGetString(out var own)
            ? UriReference.Resolve(baseUri, own).WithoutFragment()
            : baseUri;

    private SchemaLocation? FindAnchor(SchemaLocation keyword, SchemaResource resource, string anchor, out string? dynamicAnchor)
    {
        dynamicAnchor = null;
        if (!resource.Anchors.TryGetValue(anchor, out var place))
        {
            var advice = resource.Anchors.Count == 0 ? "No schema there has an $anchor. To name a place by its path, write #/ and the path, such as #/$defs/name"
                : $"Anchors there are {Wording.List(resource.Anchors.Keys.Select(Wording.Quote), resource.Anchors.Count, "and")}";
            problems.Add(keyword, $"refers to the anchor {Wording.Quote(anchor)}, which does not exist. {advice}");
            return null;
        }
        if (resource.DynamicAnchors.TryGetValue(anchor, out var dynamic) && dynamic == place) dynamicAnchor = anchor;
        return place;
    }

    private SchemaLocation? FollowPointer(SchemaLocation keyword, SchemaResource resource, string pointer)
    {
        var tokens = JsonPointer.Parse(pointer);
        if (tokens is null)
        {
            problems.Add(keyword, $"refers to {Wording.Quote(pointer)}, which is no JSON pointer: after ~ there must be 0 (for ~) or 1 (for /)");
            return null;
        }
        var place = resource.Root;
        foreach (var token in tokens)
        {
            if (place.Child(token) is { } child)
            {
                place = child;
                continue;
            }
            var names = place.Value.TryGetObject(out var members) ? members.Keys : [];
            var nearest = Nearest.Find(token, names);
            problems.Add(keyword, $"refers to {Wording.Quote(pointer)}, which does not exist: {(place.Parent is null ? "the root" : $"`{place}`")} has no {Wording.Quote(token)}{(nearest is null ? "" : $"; did you mean {Wording.Quote(nearest)}?")}");
            return null;
        }
        return place;
    }

    // Finds the resources and anchors of a document. Identifiers count only where a schema stands: an enum may hold an "$id" of its own.
    private SchemaResource Scan(SchemaLocation root, string foundAt)
    {
        var main = Enter(root, foundAt, Dialect.Standard);
        var open = new Stack<SchemaLocation>();
        for (var place = root; place is not null; open.TryPop(out place))
        {
            if (!place.Value.TryGetObject(out var members)) continue;
            if (place != root && members.TryGetValue("$id", out var id) && id.IsString) Enter(place, place.Resource!.Uri, place.Resource.Dialect);
            AddAnchor(place, members, "$anchor");
            AddAnchor(place, members, "$dynamicAnchor");
            foreach (var (keyword, value) in members)
            {
                if (!place.Resource!.Dialect.Includes(keyword)) continue;
                var subschemas = KeywordTable.SubschemasOf(keyword);
                if (subschemas == Subschemas.None) continue;
                var at = place.Child(keyword)!;
                if (subschemas == Subschemas.Value) open.Push(at);
                else if (subschemas == Subschemas.Items && value.TryGetArray(out var items)) Push(open, at, Enumerable.Range(0, items.Count).Select(index => $"{index}"));
                else if (subschemas == Subschemas.Members && value.TryGetObject(out var map)) Push(open, at, map.Keys);
            }
        }
        return main;
    }

    private static void Push(Stack<SchemaLocation> open, SchemaLocation place, IEnumerable<string> tokens)
    {
        foreach (var token in tokens) open.Push(place.Child(token)!);
    }

    private SchemaResource Enter(SchemaLocation place, string baseUri, Dialect inherited)
    {
        var uri = UriOf(place.Value, baseUri);
        if (uri.Length > MaxUriLength)
        {
            problems.Add(place.Child("$id")!, $"makes a URI longer than {MaxUriLength:N0} characters");
            uri = $"{NoUri}{resources.Count}";
        }
        var resource = new SchemaResource(uri, place, DialectOf(place, uri, inherited));
        if (!byUri.TryAdd(uri, resource) && place.Document.Length == 0)
        {
            problems.Add(place.Child("$id")!, $"is the URI of another schema too: `{byUri[uri].Root.Child("$id")}`. Each $id must name one schema");
        }
        place.Resource = resource;
        resources.Add(resource);
        return resource;
    }

    private void AddAnchor(SchemaLocation place, JqObject members, string keyword)
    {
        if (!members.TryGetValue(keyword, out var value) || !value.TryGetString(out var name)) return;
        var resource = place.Resource!;
        if (keyword == "$dynamicAnchor") resource.DynamicAnchors.TryAdd(name, place);
        if (!resource.Anchors.TryAdd(name, place) && resource.Anchors[name] != place)
        {
            problems.Add(place.Child(keyword)!, $"is the name of another schema too: `{resource.Anchors[name]}`. Each anchor must name one schema");
        }
    }

    private Dialect DialectOf(SchemaLocation place, string uri, Dialect inherited)
    {
        if (!place.Value.TryGetObject(out var members) || !members.TryGetValue("$schema", out var value) || !value.TryGetString(out var named)) return inherited;
        var key = UriReference.Parse(named).WithoutFragment();
        if (Dialect.Known(key) is { } standard) return standard;
        if (dialects.TryGetValue(key, out var known)) return known;
        if (MetaschemaAt(key, place, uri) is not { } metaschema)
        {
            problems.Add(place.Child("$schema")!, $"names the metaschema {Wording.Quote(named)}, which is not known. Write \"{Dialect.Uri202012}\", leave $schema out, or add the metaschema to the registry in the options");
            return inherited;
        }
        var unknown = new List<string>();
        var dialect = Dialect.Of(metaschema, unknown);
        if (unknown.Count > 0) problems.Add(place.Child("$schema")!, $"names a metaschema that demands {Wording.List([.. unknown.Select(Wording.Quote)], "and")}, which is not known here. Use a metaschema that declares it as false, that is, as optional");
        dialects.Add(key, dialect);
        return dialect;
    }

    // Only the metaschema's own text is asked for: it need not be scanned, and may name itself.
    private JqValue? MetaschemaAt(string uri, SchemaLocation place, string ownUri)
    {
        if (uri == ownUri) return place.Value;
        if (byUri.TryGetValue(uri, out var resource)) return resource.Root.Value;
        if (Metaschemas.TryGet(uri, out var schema) || registry.TryGet(uri, out schema)) return schema;
        return null;
    }
}
