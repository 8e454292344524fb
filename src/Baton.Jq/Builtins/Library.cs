using System.Collections.Frozen;

namespace Baton.Jq;

/// <summary>All builtin functions: written in C#, known to the compiler, or written in jq.</summary>
internal static class Library
{
    /// <summary>Functions that the compiler turns into filters of their own.</summary>
    private static readonly string[] Intrinsics =
    [
        "empty/0", "recurse/0", "path/1", "getpath/1", "del/1", "first/1", "last/1", "limit/2", "skip/2", "range/1", "range/2", "range/3",
        "isempty/1", "any/2", "all/2", "until/2", "env/0", "builtins/0",
    ];

    private static readonly FrozenDictionary<string, Lazy<Definition>> Written = Prelude.Definitions
        .ToFrozenDictionary(Signature, static text => new Lazy<Definition>(() => Parser.ParseDefinition(text)), StringComparer.Ordinal);

    /// <summary>The functions that are written in C#.</summary>
    public static FrozenDictionary<string, Native> Natives { get; } = DefineNatives();

    /// <summary>Every signature, also of functions that programs should not call.</summary>
    public static IEnumerable<string> Signatures => Intrinsics.Concat(Natives.Keys).Concat(Written.Keys).Distinct(StringComparer.Ordinal);

    /// <summary>What <c>builtins</c> gives.</summary>
    public static JqValue Builtins { get; } = JqArray.Create(
        [.. Signatures.Where(static signature => signature[0] != '_').Order(StringComparer.Ordinal).Select(static signature => (JqValue)signature)]);

    /// <summary>The definition of a function that is written in jq; parsed when first asked for.</summary>
    public static Definition? Find(string signature) => Written.TryGetValue(signature, out var definition) ? definition.Value : null;

    private static FrozenDictionary<string, Native> DefineNatives()
    {
        var table = new NativeTable();
        Basics.Define(table);
        Collections.Define(table);
        Sorting.Define(table);
        Strings.Define(table);
        Numbers.Define(table);
        Dates.Define(table);
        Regexes.Define(table);
        Surroundings.Define(table);
        Format.Define(table);
        return table.Natives.ToFrozenDictionary(StringComparer.Ordinal);
    }

    // "def name: ..." or "def name(a; $b): ..."
    private static string Signature(string definition)
    {
        var end = definition.AsSpan().IndexOfAny(':', '(');
        var name = definition["def ".Length..end];
        if (definition[end] == ':') return name + "/0";
        var parameters = definition.AsSpan(end, definition.IndexOf(')', end) - end);
        return $"{name}/{parameters.Count(';') + 1}";
    }
}
