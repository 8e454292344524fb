using Baton.Client;
using Baton.Jq;

namespace Baton.Server.Http;

/// <summary>Takes the fields of a JSON body one by one; notes what is missing, of a wrong kind, out of range or unknown.</summary>
internal sealed class FieldReader
{
    /// <summary>Most faults in one answer, and most characters of a name or value in it: the answer to nonsense is not as large as the nonsense.</summary>
    private const int MaxFaults = 20, MaxEcho = 100;

    private readonly JqObject members = JqObject.Empty;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly List<Fault> faults = [];

    private readonly string at;

    /// <param name="at">The JSON pointer of the object, where it is not the whole body.</param>
    public FieldReader(JqValue body, string at = "")
    {
        this.at = at;
        if (body.TryGetObject(out var fields)) members = fields;
        else faults.Add(new Fault(at, at.Length == 0 ? $"The body is a JSON object, not {Describe(body)}." : $"'{at[1..]}' is an object, not {Describe(body)}."));
    }

    /// <summary>What is wrong, or null.</summary>
    public ProblemResult? Problem
    {
        get
        {
            foreach (var (name, _) in members)
            {
                if (faults.Count > MaxFaults) break;
                if (!known.Contains(name)) faults.Add(new Fault($"{at}/{name.Clip(MaxEcho)}", $"There is no field '{name.Clip(MaxEcho)}'. Fields here: {string.Join(", ", known)}."));
            }
            return faults.Count == 0 ? null : Problems.InvalidBody(string.Join(" ", faults.Take(3).Select(fault => $"{(fault.Pointer.Length == 0 ? "body" : fault.Pointer)}: {fault.Detail}")), [.. faults.Take(MaxFaults)]);
        }
    }

    public JqValue Any(string name)
    {
        known.Add(name);
        return members.TryGetValue(name, out var value) ? value : JqValue.Null;
    }

    public string? Text(string name, int maxLength, bool required = false)
    {
        var value = Any(name);
        if (value.IsNull)
        {
            if (required) faults.Add(new Fault($"{at}/{name}", $"'{name}' is required."));
            return null;
        }
        if (!value.TryGetString(out var text)) faults.Add(new Fault($"{at}/{name}", $"'{name}' is a text, not {Describe(value)}."));
        else if (text.Length > maxLength || (required && text.Length == 0)) faults.Add(new Fault($"{at}/{name}", $"'{name}' has {(required ? 1 : 0)} to {maxLength:N0} characters, not {text.Length:N0}."));
        return text;
    }

    /// <summary>A text that people see, in logs and terminals too: it holds nothing that moves their cursor.</summary>
    public string? Name(string name, int maxLength, bool required = false)
    {
        var text = Text(name, maxLength, required);
        if (text is not null && !IsName(text)) faults.Add(new Fault($"{at}/{name}", $"'{name}' may hold no control characters."));
        return text;
    }

    /// <summary>Whether a text may be a name.</summary>
    public static bool IsName(string text) => !text.Any(static c => char.IsControl(c) || c is '\u2028' or '\u2029');

    public int? Integer(string name, int least, int most) => (int?)Long(name, least, most);

    public long? Long(string name, long least, long most)
    {
        var value = Any(name);
        if (value.IsNull) return null;
        if (value.TryGetInt64(out var number) && number >= least && number <= most) return number;
        faults.Add(new Fault($"{at}/{name}", $"'{name}' is a whole number from {least} to {most}, not {Describe(value)}."));
        return null;
    }

    public double? Number(string name, double least, double most)
    {
        var value = Any(name);
        if (value.IsNull) return null;
        if (value.TryGetDouble(out var number) && number >= least && number <= most) return number;
        faults.Add(new Fault($"{at}/{name}", $"'{name}' is a number from {least} to {most}, not {Describe(value)}."));
        return null;
    }

    public bool? Boolean(string name)
    {
        var value = Any(name);
        if (value.IsNull) return null;
        if (value.Kind is JqKind.True or JqKind.False) return value.AsBoolean();
        faults.Add(new Fault($"{at}/{name}", $"'{name}' is true or false, not {Describe(value)}."));
        return null;
    }

    /// <summary>Whether a field stands there, be it as null: where null takes away what was there.</summary>
    public bool IsGiven(string name) => members.TryGetValue(name, out _);

    /// <summary>A list; empty where it is absent.</summary>
    public IReadOnlyList<JqValue> List(string name, int maxCount)
    {
        var value = Any(name);
        if (value.IsNull) return [];
        if (value.TryGetArray(out var items) && items.Count <= maxCount) return [.. items];
        faults.Add(new Fault($"{at}/{name}", $"'{name}' is a list of at most {maxCount}, not {Describe(value)}."));
        return [];
    }

    /// <summary>An object of texts, such as labels.</summary>
    public Dictionary<string, string> Texts(string name, int maxCount, int maxName, int maxValue)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var value = Any(name);
        if (value.IsNull) return texts;
        if (!value.TryGetObject(out var pairs) || pairs.Count > maxCount)
        {
            faults.Add(new Fault($"{at}/{name}", $"'{name}' is an object of at most {maxCount} texts, not {Describe(value)}."));
            return texts;
        }
        foreach (var (key, item) in pairs)
        {
            if (key.Length is 0 || key.Length > maxName) faults.Add(new Fault($"{at}/{name}/{key.Clip(MaxEcho)}", $"A name in '{name}' has 1 to {maxName} characters."));
            else if (!item.TryGetString(out var text) || text.Length > maxValue) faults.Add(new Fault($"{at}/{name}/{key}", $"A value in '{name}' is a text of at most {maxValue} characters, not {Describe(item)}."));
            else texts.Add(key, text);
        }
        return texts;
    }

    public void Add(string pointer, string detail) => faults.Add(new Fault(pointer, detail));

    private static string Describe(JqValue value) => value.Kind switch
    {
        JqKind.Null => "null",
        JqKind.True or JqKind.False => "a boolean",
        JqKind.Number => $"the number {value.ToString().Clip(MaxEcho)}",
        JqKind.String => "a text",
        JqKind.Array => "a list",
        _ => $"an object with {value.AsObject().Count} fields",
    };
}
