using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>Turns a schema and what it refers to into nodes. Works off a queue instead of recursing: schemas may be nested as deep as they like.</summary>
internal sealed class SchemaCompiler
{
    private readonly Queue<SchemaNode> waiting = new();
    private readonly List<SchemaNode> compiled = [];
    private readonly HashSet<string> dynamicAnchors = new(StringComparer.Ordinal);
    private readonly SchemaDocuments documents;
    private readonly PatternCache patterns;

    public SchemaCompiler(JsonSchemaOptions options)
    {
        Options = options;
        Problems = new ProblemList(options.MaxErrors);
        documents = new SchemaDocuments(options.Registry, Problems);
        patterns = new PatternCache(options.PatternBudget);
    }

    public JsonSchemaOptions Options { get; }

    public ProblemList Problems { get; }

    /// <summary>The compiled schema, or null when there are <see cref="Problems"/>.</summary>
    public JsonSchema? Compile(JqValue schema)
    {
        var node = NodeAt(documents.AddMain(schema));
        do
        {
            while (waiting.TryDequeue(out var next) && !Problems.IsFull) Fill(next);
        }
        while (AddDynamicTargets() && !Problems.IsFull);
        if (Problems.IsEmpty) EndlessLoops.Report(compiled, Problems);
        return Problems.IsEmpty ? new JsonSchema(node!, Options, dynamicAnchors.Count > 0) : null;
    }

    /// <summary>The node of a place, which is compiled when its turn comes; null when no schema stands there.</summary>
    public SchemaNode? NodeAt(SchemaLocation place)
    {
        if (place.Node is not null) return place.Node;
        if (!place.Value.IsObject && !place.Value.IsBoolean)
        {
            Problems.Add(place, $"must be a schema (an object, true or false), but is {Wording.Kind(place.Value)}{(place is { Name: "items", Value.IsArray: true } ? ". Schemas for single items are called prefixItems since draft 2020-12" : "")}");
            return null;
        }
        waiting.Enqueue(place.Node = new SchemaNode(place));
        return place.Node;
    }

    /// <summary>The place that a reference leads to, or null after reporting why it leads nowhere.</summary>
    /// <param name="dynamicAnchor">The name of the dynamic anchor, if it is one that leads there.</param>
    public SchemaLocation? Resolve(SchemaLocation keyword, string reference, out string? dynamicAnchor) =>
        documents.Resolve(keyword, reference, out dynamicAnchor);

    /// <summary>Says that a reference looks for this anchor in all resources that were entered.</summary>
    public void UseDynamicAnchor(string name) => dynamicAnchors.Add(name);

    /// <summary>The names in an array of strings without repetition; null after reporting that it is none.</summary>
    public ImmutableArray<string>? Names(SchemaLocation place)
    {
        if (!place.Value.TryGetArray(out var items))
        {
            Problems.Add(place, $"must be an array of strings, but is {Wording.Kind(place.Value)}");
            return null;
        }
        var names = ImmutableArray.CreateBuilder<string>(items.Count);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!item.TryGetString(out var name)) Problems.Add(place.Child($"{names.Count}")!, $"must be a string, but is {Wording.Kind(item)}");
            else if (!seen.Add(name)) Problems.Add(place.Child($"{names.Count}")!, $"must not repeat {Wording.Quote(name)}");
            names.Add(name ?? "");
        }
        return names.ToImmutable();
    }

    /// <summary>The compiled form of a pattern; null after reporting what is wrong with it.</summary>
    public Pattern? PatternAt(SchemaLocation place, string source)
    {
        var pattern = patterns.Get(source, out var problem);
        if (problem is not null) Problems.Add(place, $"is the pattern `{Wording.Plain(source)}`, which {problem}");
        return pattern;
    }

    private void Fill(SchemaNode node)
    {
        node.Complete(node.Location.Value.TryGetObject(out var members)
            ? KeywordReaders.Read(new SchemaReader(node.Location, members, this), members)
            : node.Location.Value.IsTruthy ? [] : [new FalseSchema(node.Location)]);
        compiled.Add(node);
    }

    // Only now all resources are known that a dynamic reference may find.
    private bool AddDynamicTargets()
    {
        foreach (var resource in documents.Resources)
        {
            foreach (var (name, target) in resource.DynamicAnchors)
            {
                if (dynamicAnchors.Contains(name)) NodeAt(target);
            }
        }
        return waiting.Count > 0;
    }
}
