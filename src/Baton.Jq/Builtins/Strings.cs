using System.Text;

namespace Baton.Jq;

/// <summary>Functions of strings.</summary>
internal static class Strings
{
    public static void Define(NativeTable table)
    {
        table.Add("split/1", (Machine m, JqValue input, JqValue separator, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            return input.TryGetString(out var text) && separator.TryGetString(out var by)
                ? Split(m, text, by, out output)
                : m.Fail("split input and separator must be strings");
        });
        table.Add("join/1", Join);
        table.Add("explode/0", Explode);
        table.Add("implode/0", Implode);
        table.Add("startswith/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!TryBoth(m, input, part, "startswith", out var text, out var prefix)) return Outcome.Error;
            output = text.StartsWith(prefix, StringComparison.Ordinal);
            return Outcome.Value;
        });
        table.Add("endswith/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!TryBoth(m, input, part, "endswith", out var text, out var suffix)) return Outcome.Error;
            output = text.EndsWith(suffix, StringComparison.Ordinal);
            return Outcome.Value;
        });
        table.Add("ltrimstr/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            output = input;
            if (!TryBoth(m, input, part, "startswith", out var text, out var prefix)) return Outcome.Error;
            if (text.StartsWith(prefix, StringComparison.Ordinal)) output = text[prefix.Length..];
            return Outcome.Value;
        });
        table.Add("rtrimstr/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            output = input;
            if (!TryBoth(m, input, part, "endswith", out var text, out var suffix)) return Outcome.Error;
            if (text.EndsWith(suffix, StringComparison.Ordinal)) output = text[..^suffix.Length];
            return Outcome.Value;
        });
        Change(table, "trim", "trim", static text => text.Trim());
        Change(table, "ltrim", "trim", static text => text.TrimStart());
        Change(table, "rtrim", "trim", static text => text.TrimEnd());
        Change(table, "ascii_downcase", "ascii_downcase", static text => MapAscii(text, 'A', 'Z', 'a' - 'A'));
        Change(table, "ascii_upcase", "ascii_upcase", static text => MapAscii(text, 'a', 'z', 'A' - 'a'));
        table.Add("_strindices/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!input.TryGetString(out var text)) return m.Fail($"{Describe.Value(input)} cannot be searched, as it is not a string");
            return part.TryGetString(out var wanted) ? Indices(m, text, wanted, out output) : m.Fail($"{Describe.Value(part)} is not a string");
        });
        table.Add("indices/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) => AnyIndices(m, input, part, out output));
        table.Add("index/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            var outcome = AnyIndices(m, input, part, out output);
            if (outcome == Outcome.Value) output = output[0];
            return outcome;
        });
        table.Add("rindex/1", (Machine m, JqValue input, JqValue part, JqValue b, JqValue c, out JqValue output) =>
        {
            var outcome = AnyIndices(m, input, part, out output);
            if (outcome == Outcome.Value) output = output[-1];
            return outcome;
        });
    }

    /// <summary>The parts between the occurrences of a separator; the empty separator gives the characters.</summary>
    public static Outcome Split(Machine m, string text, string separator, out JqValue output)
    {
        m.ChargeText(text.Length);
        var parts = new JqArray.Builder();
        if (text.Length > 0 && separator.Length > 0)
        {
            var start = 0;
            for (int stop; (stop = text.IndexOf(separator, start, StringComparison.Ordinal)) >= 0; start = stop + separator.Length)
            {
                m.Charge(1);
                parts.Add(text[start..stop]);
            }
            parts.Add(text[start..]);
        }
        else
        {
            m.Charge(text.Length);
            for (var at = 0; at < text.Length;)
            {
                var width = TextOrder.Width(text, at);
                parts.Add(text.Substring(at, width));
                at += width;
            }
        }
        output = parts.ToArray();
        return Outcome.Value;
    }

    private static Outcome Join(Machine m, JqValue input, JqValue separator, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!Collections.TryItems(m, input, out var items)) return Outcome.Error;
        var joined = new StringBuilder();
        for (var i = 0; i < items.Length; i++)
        {
            m.Charge(1);
            if (i > 0 && !separator.IsNull)
            {
                if (!separator.TryGetString(out var between)) return CannotAdd(m, joined, separator);
                joined.Append(between);
            }
            var item = items[i];
            if (item.TryGetString(out var text)) joined.Append(text);
            else if (item.IsArray || item.IsObject) return CannotAdd(m, joined, item);
            else if (!item.IsNull) joined.Append(item.ToJson());
            m.ChargeText(text?.Length ?? 0);
            if (joined.Length > m.Options.Limits.Size) throw m.SizeReached();
        }
        output = joined.ToString();
        return Outcome.Value;
    }

    private static Outcome CannotAdd(Machine m, StringBuilder joined, JqValue item) =>
        m.Fail($"{Describe.Value(joined.ToString())} and {Describe.Value(item)} cannot be added");

    private static Outcome Explode(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetString(out var text)) return m.Fail("explode input must be a string");
        m.ChargeElements(text.Length, text.Length);
        var codes = new JqArray.Builder(text.Length);
        foreach (var rune in text.EnumerateRunes()) codes.Add(rune.Value);
        output = codes.ToArray();
        return Outcome.Value;
    }

    private static Outcome Implode(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetArray(out var codes)) return m.Fail("implode input must be an array");
        m.Charge(codes.Count / 4);
        var text = new StringBuilder(codes.Count);
        foreach (ref readonly var code in codes.AsSpan())
        {
            if (!code.TryGetDouble(out var number) || double.IsNaN(number))
            {
                return m.Fail($"{Describe.Value(code)} can't be imploded, unicode codepoint needs to be numeric");
            }
            text.Append(Rune.TryCreate((int)Math.Clamp(number, -1, int.MaxValue), out var rune) ? rune : Rune.ReplacementChar);
        }
        output = text.ToString();
        return Outcome.Value;
    }

    private static Outcome AnyIndices(Machine m, JqValue input, JqValue part, out JqValue output)
    {
        if (input.TryGetString(out var text) && part.TryGetString(out var wanted)) return Indices(m, text, wanted, out output);
        if (input.TryGetArray(out var array)) return Access.Indices(m, array, part.TryGetArray(out var pattern) ? pattern : [part], out output);
        return Access.Get(m, input, part, out output);
    }

    /// <summary>Where a string occurs, overlapping too, in code points.</summary>
    private static Outcome Indices(Machine m, string text, string wanted, out JqValue output)
    {
        m.ChargeText(text.Length);
        var found = new JqArray.Builder();
        int codePoints = 0, counted = 0;
        if (wanted.Length > 0)
        {
            for (int at = 0; (at = text.IndexOf(wanted, at, StringComparison.Ordinal)) >= 0; at++)
            {
                m.Charge(1 + wanted.Length / 32);
                codePoints += TextOrder.CodePoints(text.AsSpan(counted, at - counted));
                counted = at;
                found.Add(codePoints);
            }
        }
        output = found.ToArray();
        return Outcome.Value;
    }

    private static void Change(NativeTable table, string name, string nameInError, Func<string, string> change) =>
        table.Add(name + "/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!input.TryGetString(out var text)) return m.Fail($"{nameInError} input must be a string");
            m.ChargeText(text.Length);
            output = change(text);
            return Outcome.Value;
        });

    private static string MapAscii(string text, char first, char last, int shift)
    {
        if (!text.AsSpan().ContainsAnyInRange(first, last)) return text;
        return string.Create(text.Length, (text, first, last, shift), static (target, state) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                var unit = state.text[i];
                target[i] = unit >= state.first && unit <= state.last ? (char)(unit + state.shift) : unit;
            }
        });
    }

    private static bool TryBoth(Machine m, JqValue input, JqValue part, string name, out string text, out string other)
    {
        other = "";
        if (input.TryGetString(out text!) && part.TryGetString(out other!))
        {
            m.ChargeText(text.Length);
            return true;
        }
        m.Fail($"{name}() requires string inputs");
        return false;
    }
}
