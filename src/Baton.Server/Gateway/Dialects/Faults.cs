using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Server.Gateway;

/// <summary>Reads members of a request that a target's dialect must have words for, and remembers the first that is wrong: what is read after it counts for nothing.</summary>
internal sealed class Faults
{
    /// <summary>Null when all was well.</summary>
    public GatewayError? First { get; private set; }

    /// <param name="path">Where it stands, as <c>messages[0].content</c>.</param>
    /// <param name="rule">What is wrong with it, or how to mend it.</param>
    public void Add(string path, string rule, string? code = null) => First ??= GatewayError.Invalid($"'{path}' {rule}", path, code);

    public void Add(GatewayError fault) => First ??= fault;

    /// <summary>Something that no other dialect has a word for, and that must not be left out in silence.</summary>
    public void Untranslatable(string path, string what) => Add(path, $"cannot be translated: {what}", TranslationCode);

    public const string TranslationCode = "not_translatable";

    /// <summary>The member's text; an empty one where there is none.</summary>
    public string Text(JqValue parent, string member, string path) => Optional(parent, member, path) ?? Missing(Join(path, member));

    public string? Optional(JqValue parent, string member, string path)
    {
        var value = Member(parent, member);
        if (value.TryGetString(out var text)) return text;
        if (!value.IsNull) Add(Join(path, member), "must be a text.");
        return null;
    }

    public double? Number(JqValue parent, string member, double least, double most, string path = "")
    {
        var value = Member(parent, member);
        if (value.IsNull) return null;
        if (value.TryGetDouble(out var number) && number >= least && number <= most) return number;
        Add(Join(path, member), $"must be a number from {least} to {most}.");
        return null;
    }

    public long? Whole(JqValue parent, string member, long least, string path = "")
    {
        var value = Member(parent, member);
        if (value.IsNull) return null;
        if (value.TryGetInt64(out var number) && number >= least) return number;
        Add(Join(path, member), $"must be a whole number of at least {least}.");
        return null;
    }

    public bool? Flag(JqValue parent, string member, string path = "")
    {
        var value = Member(parent, member);
        if (value.IsBoolean) return value.IsTruthy;
        if (!value.IsNull) Add(Join(path, member), "must be true or false.");
        return null;
    }

    /// <summary>The member's elements; none where it is missing.</summary>
    public JqArray List(JqValue parent, string member, string path = "")
    {
        var value = Member(parent, member);
        if (value.TryGetArray(out var list)) return list;
        if (!value.IsNull) Add(Join(path, member), "must be a list.");
        return JqArray.Empty;
    }

    /// <summary>A text, or several of them.</summary>
    public ImmutableArray<string> Texts(JqValue parent, string member)
    {
        var value = Member(parent, member);
        if (value.TryGetString(out var one)) return [one];
        var found = ImmutableArray.CreateBuilder<string>();
        foreach (var element in List(parent, member))
        {
            if (element.TryGetString(out var text)) found.Add(text);
            else Add($"{member}[{found.Count}]", "must be a text.");
        }
        return found.ToImmutable();
    }

    /// <summary>A member of what should be an object.</summary>
    public static JqValue Member(JqValue parent, string member) => parent.IsObject ? parent[member] : JqValue.Null;

    public static string Join(string path, string member) => path.Length == 0 ? member : $"{path}.{member}";

    private string Missing(string path)
    {
        Add(path, "is missing.");
        return "";
    }
}
