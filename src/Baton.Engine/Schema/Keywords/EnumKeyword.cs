using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>enum</c>: the values that fit. Texts are looked up; the rest is compared by hash first, so that long lists stay cheap.</summary>
internal sealed class EnumKeyword : Keyword
{
    private readonly HashSet<string> texts = new(StringComparer.Ordinal);
    private readonly JqValue[] others;
    private readonly int[] hashes;

    private EnumKeyword(SchemaLocation location, JqArray values) : base(location)
    {
        var rest = new List<JqValue>();
        foreach (var value in values)
        {
            if (value.TryGetString(out var text)) texts.Add(text);
            else rest.Add(value);
        }
        others = [.. rest];
        var visited = 0L;
        hashes = [.. rest.Select(value => ValueHash.Of(value, ref visited))];
        Array.Sort(hashes, others);
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (schema.Array("enum") is { } values) keywords.Add(new EnumKeyword(schema.At("enum"), values));
    }

    /// <summary>What stands where something else was expected: numbers and booleans themselves, otherwise the kind only.</summary>
    public static string Found(in JqValue value) => value.Kind switch
    {
        JqKind.Null or JqKind.False or JqKind.True or JqKind.Number => Wording.Excerpt(value),
        JqKind.String => "another string",
        JqKind.Array => "another array",
        _ => "another object",
    };

    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen) =>
        (value.TryGetString(out var text) ? texts.Contains(text) : HasOther(value, evaluation)) || evaluation.Fail(this, value);

    public override string Explain(in JqValue value, object? detail)
    {
        var options = Location.Value.AsArray();
        if (options.Count == 0) return "cannot be right: the enum lists no values";
        var listed = Wording.List(options.Select(option => Wording.Excerpt(option)), options.Count, "or");
        return $"must be {(options.Count > 1 ? "one of " : "")}{listed}, but is {Found(value)}";
    }

    private bool HasOther(in JqValue value, Evaluation evaluation)
    {
        if (others.Length == 0) return false;
        var visited = 0L;
        var hash = ValueHash.Of(value, ref visited);
        evaluation.Charge(visited);
        var at = Array.BinarySearch(hashes, hash);
        if (at < 0) return false;
        while (at > 0 && hashes[at - 1] == hash) at--;
        for (; at < hashes.Length && hashes[at] == hash; at++)
        {
            if (Equality.AreEqual(value, others[at], evaluation)) return true;
        }
        return false;
    }
}
