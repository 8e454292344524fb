using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary><c>type</c>: the kinds that a value may be of. Kinds that always fit leave the rule out.</summary>
internal sealed class TypeKeyword : Keyword
{
    private static readonly string[] Names = ["null", "boolean", "object", "array", "number", "string", "integer"];

    private readonly int kinds;   // a bit for each kind that always fits
    private readonly bool wantsInteger;

    private TypeKeyword(SchemaLocation location, int kinds, bool wantsInteger) : base(location)
    {
        this.kinds = kinds;
        this.wantsInteger = wantsInteger;
    }

    public static void Read(SchemaReader schema, List<Keyword> keywords)
    {
        if (!schema.TryGet("type", out var value)) return;
        if (!value.TryGetArray(out var listed)) listed = [value];
        else if (listed.Count == 0) schema.Report("type", "must name at least one type");
        var (fitting, integer) = (0, false);
        foreach (var item in listed)
        {
            if (!item.TryGetString(out var type) || !Names.Contains(type, StringComparer.Ordinal))
            {
                var nearest = item.IsString ? Nearest.Find(item.AsString(), Names) : null;
                schema.Report("type", $"must be {Wording.List(Names, "or")}, or an array of these, but is {Wording.Excerpt(item)}{(nearest is null ? "" : $"; did you mean \"{nearest}\"?")}");
            }
            else if (type == "integer" ? integer : (fitting & KindsOf(type)) != 0)
            {
                schema.Report("type", $"must not repeat \"{type}\"");
            }
            else
            {
                fitting |= KindsOf(type);
                integer |= type == "integer";
            }
        }
        keywords.Add(new TypeKeyword(schema.At("type"), fitting, integer));
    }

    public override bool Concerns(JqKind kind) => !Includes(kind);

    // Kinds that fit never come here: what comes fails, but for whole numbers.
    public override bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen)
    {
        if (wantsInteger && value.IsNumber && ExactNumber.IsWhole(value)) return true;
        return evaluation.Fail(this, value);
    }

    public override string Explain(in JqValue value, object? detail)
    {
        var types = Location.Value.TryGetArray(out var listed) ? listed : [Location.Value];
        var wanted = types.Select(type => type.AsString() switch
        {
            "null" => "null",
            "integer" => "a whole number",
            var name => $"{(name is "array" or "object" ? "an" : "a")} {name}",
        });
        var found = wantsInteger && value.IsNumber ? Wording.Excerpt(value) : Wording.Kind(value);
        return $"must be {Wording.List(wanted, types.Count, "or")}, but is {found}{(IsQuoted(value) ? ": write it without quotes" : "")}";
    }

    // A frequent slip of language models: "3" for 3.
    private bool IsQuoted(in JqValue value)
    {
        if (!value.TryGetString(out var text) || text.Length is 0 or > 32) return false;
        if (text is "true" or "false") return Includes(JqKind.True);
        if (text is "null") return Includes(JqKind.Null);
        var isWhole = text.AsSpan(text[0] == '-' ? 1 : 0) is { IsEmpty: false } digits && !digits.ContainsAnyExceptInRange('0', '9');
        return isWhole ? wantsInteger || Includes(JqKind.Number) : Includes(JqKind.Number) && double.TryParse(text, out _);
    }

    private bool Includes(JqKind kind) => (kinds & (1 << (int)kind)) != 0;

    private static int KindsOf(string type) => type switch
    {
        "null" => 1 << (int)JqKind.Null,
        "boolean" => 1 << (int)JqKind.False | 1 << (int)JqKind.True,
        "number" => 1 << (int)JqKind.Number,
        "string" => 1 << (int)JqKind.String,
        "array" => 1 << (int)JqKind.Array,
        "object" => 1 << (int)JqKind.Object,
        _ => 0,   // integer: numbers are looked at
    };
}
