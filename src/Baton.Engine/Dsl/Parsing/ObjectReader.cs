using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Takes the properties of an object one by one; what was not taken at the end is unknown, and refused.</summary>
internal sealed class ObjectReader
{
    private readonly JqObject members;
    private readonly ParseContext context;
    private readonly HashSet<string> known = new(StringComparer.Ordinal);
    private readonly HashSet<string> told = new(StringComparer.Ordinal);   // names whose missing value is no news at the end

    private ObjectReader(JqObject members, string pointer, ParseContext context)
    {
        this.members = members;
        Pointer = pointer;
        this.context = context;
    }

    public string Pointer { get; }

    /// <summary>Null, with the problem noted, when the value is no object.</summary>
    public static ObjectReader? Open(JqValue value, string pointer, ParseContext context, string what)
    {
        if (value.TryGetObject(out var members)) return new ObjectReader(members, pointer, context);
        context.Add(pointer, $"{what} is an object, not {Describe(value)}.", "Write its properties below it, indented.");
        return null;
    }

    public string At(string name) => $"{Pointer}/{YamlReader.Escape(name)}";

    public bool Has(string name) => members.ContainsKey(name);

    /// <summary>The value, or null when it is absent. A name without a value is no less a mistake: <see cref="Close"/> notes it.</summary>
    public JqValue? Take(string name)
    {
        known.Add(name);
        return members.TryGetValue(name, out var value) && !value.IsNull ? value : (JqValue?)null;
    }

    /// <summary>A value that may be anything, so also <c>null</c>, which counts as absent.</summary>
    public JqValue? TakeAny(string name)
    {
        told.Add(name);
        return Take(name);
    }

    public JqValue? Require(string name, string what)
    {
        var value = Take(name);
        if (value is not null || !told.Add(name)) return value;
        context.Add(Pointer, $"{what} needs '{name}'.", members.ContainsKey(name) ? $"Give '{name}:' a value." : $"Add '{name}:'.");
        return null;
    }

    public string? TakeText(string name)
    {
        if (Take(name) is not { } value) return null;
        if (value.TryGetString(out var text)) return text;
        context.Add(At(name), $"'{name}' is a text, not {Describe(value)}.", value.IsNumber ? $"Quote it: \"{value}\"." : "Write a text.");
        return null;
    }

    /// <summary>Notes a list or an object where a text, or what can pass for one, must stand.</summary>
    public void TakeScalar(string name)
    {
        if (Take(name) is { } value && (value.IsArray || value.IsObject)) context.Add(At(name), $"'{name}' is a text, not {Describe(value)}.", "Write a text, or an expression that gives one.");
    }

    public string? RequireText(string name, string what) => Require(name, what) is null ? null : TakeText(name);

    public bool TakeBoolean(string name, bool otherwise)
    {
        if (Take(name) is not { } value) return otherwise;
        if (value.IsBoolean) return value.IsTruthy;
        context.Add(At(name), $"'{name}' is true or false, not {Describe(value)}.", "Write true or false without quotes.");
        return otherwise;
    }

    public int? TakeInteger(string name, int least, int most)
    {
        if (Take(name) is not { } value) return null;
        if (value.TryGetInt64(out var number) && number >= least && number <= most) return (int)number;
        context.Add(At(name), $"'{name}' is a whole number from {least:N0} to {most:N0}, not {Describe(value)}.", "Write such a number.");
        return null;
    }

    /// <summary>One of a few words; <paramref name="otherwise"/> when absent or wrong.</summary>
    public T TakeWord<T>(string name, T otherwise, params ReadOnlySpan<(string Word, T Value)> words)
    {
        if (TakeText(name) is not { } text) return otherwise;
        foreach (var (word, value) in words)
        {
            if (word == text) return value;
        }
        var all = words.ToArray().Select(word => word.Word).ToArray();
        context.Add(At(name), $"'{name}' is one of {string.Join(", ", all)}, not '{text}'.", Nearest.Hint(text, all));
        return otherwise;
    }

    /// <summary>Notes every property that nobody took, and every one that is there without a value: what was forgotten must not change what is done.</summary>
    public void Close(string what)
    {
        foreach (var (name, value) in members)
        {
            if (!known.Contains(name)) context.Add(At(name), $"{what} has no property '{name}'.", Nearest.Hint(name, known));
            else if (value.IsNull && !told.Contains(name) && !context.HasProblemAt(At(name))) context.Add(At(name), $"'{name}' has no value.", "Give it one, or remove it.");
        }
    }

    public static string Describe(JqValue value) => value.Kind switch
    {
        JqKind.Null => "nothing",
        JqKind.True or JqKind.False => $"the boolean {value}",
        JqKind.Number => $"the number {value}",
        JqKind.String => value.AsString() is var text && text.Length > 40 ? $"the text '{text[..40]}…'" : $"the text '{value.AsString()}'",
        JqKind.Array => "a list",
        _ => "an object",
    };
}
