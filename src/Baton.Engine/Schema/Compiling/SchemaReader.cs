using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>Reads the keywords of one schema. What has the wrong form is reported and then treated as absent.</summary>
internal sealed class SchemaReader(SchemaLocation location, JqObject members, SchemaCompiler compiler)
{
    public SchemaCompiler Compiler => compiler;

    public SchemaLocation Location => location;

    public Dialect Dialect { get; } = location.Resource!.Dialect;

    /// <summary>The place of a keyword that is there.</summary>
    public SchemaLocation At(string keyword) => location.Child(keyword)!;

    /// <summary>Gets a keyword's value, if it stands here and the metaschema has switched its vocabulary on.</summary>
    public bool TryGet(string keyword, out JqValue value) => members.TryGetValue(keyword, out value) && Dialect.Includes(keyword);

    public void Report(string keyword, string text) => compiler.Problems.Add(At(keyword), text);

    /// <summary>A whole number from 0 on, of which more than a <see cref="long"/> can hold is the largest.</summary>
    public long? Count(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.IsNumber && value >= 0 && ExactNumber.IsWhole(value)) return value.TryGetInt64(out var count) ? count : long.MaxValue;
        Report(keyword, $"must be a whole number from 0 on, but is {Wording.Excerpt(value)}");
        return null;
    }

    public JqValue? Number(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.IsNumber) return value;
        Report(keyword, $"must be a number, but is {Wording.Kind(value)}");
        return null;
    }

    public string? Text(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.TryGetString(out var text)) return text;
        Report(keyword, $"must be a string, but is {Wording.Kind(value)}");
        return null;
    }

    public bool? Flag(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.IsBoolean) return value.IsTruthy;
        Report(keyword, $"must be true or false, but is {Wording.Kind(value)}");
        return null;
    }

    public JqArray? Array(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.TryGetArray(out var items)) return items;
        Report(keyword, $"must be an array, but is {Wording.Kind(value)}");
        return null;
    }

    public JqObject? Object(string keyword)
    {
        if (!TryGet(keyword, out var value)) return null;
        if (value.TryGetObject(out var map)) return map;
        Report(keyword, $"must be an object, but is {Wording.Kind(value)}");
        return null;
    }

    /// <summary>Names without repetition.</summary>
    public ImmutableArray<string>? Names(string keyword) => TryGet(keyword, out _) ? compiler.Names(At(keyword)) : null;

    public SchemaNode? Schema(string keyword) => TryGet(keyword, out _) ? compiler.NodeAt(At(keyword)) : null;

    /// <summary>A list of one schema or more.</summary>
    public ImmutableArray<SchemaNode>? Schemas(string keyword)
    {
        if (Array(keyword) is not { } items) return null;
        if (items.Count == 0)
        {
            Report(keyword, "must hold at least one schema: fill it, or leave the keyword out");
            return null;
        }
        var place = At(keyword);
        var schemas = ImmutableArray.CreateBuilder<SchemaNode>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            if (compiler.NodeAt(place.Child($"{i}")!) is { } schema) schemas.Add(schema);
        }
        return schemas.ToImmutable();
    }

    /// <summary>Schemas by name.</summary>
    public ImmutableArray<KeyValuePair<string, SchemaNode>>? SchemaMap(string keyword)
    {
        if (Object(keyword) is not { } map) return null;
        var place = At(keyword);
        var schemas = ImmutableArray.CreateBuilder<KeyValuePair<string, SchemaNode>>(map.Count);
        foreach (var (name, _) in map)
        {
            if (compiler.NodeAt(place.Child(name)!) is { } schema) schemas.Add(new(name, schema));
        }
        return schemas.ToImmutable();
    }
}
