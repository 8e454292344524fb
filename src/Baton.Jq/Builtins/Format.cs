using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Unicode;

namespace Baton.Jq;

/// <summary>The formats: <c>@text</c>, <c>@csv</c> and so on, alone, in strings, and as <c>format(name)</c>.</summary>
internal sealed class Format
{
    private delegate Outcome Formatter(Machine m, JqValue value, out string text);

    private static readonly SearchValues<byte> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"u8);

    private static readonly FrozenDictionary<string, Format> Known = new Format[]
    {
        new("text", Basics.ToText),
        new("json", (Machine m, JqValue value, out string text) =>
        {
            text = Basics.Json(m, value);
            return Outcome.Value;
        }),
        new("csv", (Machine m, JqValue value, out string text) => Row(m, value, "csv", ',', static field => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", out text)),
        new("tsv", (Machine m, JqValue value, out string text) => Row(m, value, "tsv", '\t', Tabbed, out text)),
        new("html", OfText(static text => text
            .Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("'", "&apos;", StringComparison.Ordinal)
            .Replace("\"", "&quot;", StringComparison.Ordinal))),
        new("uri", OfText(EncodeUri)),
        new("urid", OfText(DecodeUri, "is not a valid uri encoding")),
        new("sh", Shell),
        new("base64", OfText(static text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)))),
        new("base64d", Base64.Decode),
        new("base32", OfText(static text => Base32.Encode(Encoding.UTF8.GetBytes(text)))),
        new("base32d", OfText(Base32.Decode, "is not valid base32 data")),
    }.ToFrozenDictionary(format => format.name, StringComparer.Ordinal);

    private readonly string name;
    private readonly Formatter formatter;

    private Format(string name, Formatter formatter)
    {
        this.name = name;
        this.formatter = formatter;
    }

    /// <summary>The format as a function of its input.</summary>
    public Native AsNative => new($"@{name}", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
    {
        var outcome = Apply(m, input, out var text);
        output = outcome == Outcome.Value ? text : default(JqValue);
        return outcome;
    });

    public static void Define(NativeTable table) =>
        table.Add("format/1", (Machine m, JqValue input, JqValue format, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            if (!format.TryGetString(out var wanted)) return m.Fail($"{Describe.Value(format)} is not a valid format");
            var outcome = Named(wanted).Apply(m, input, out var text);
            if (outcome == Outcome.Value) output = text;
            return outcome;
        });

    /// <summary>The format of this name; one that does not exist fails when it is applied, as in jq.</summary>
    public static Format Named(string name) => Known.TryGetValue(name, out var format) ? format : new Format(name, (Machine m, JqValue value, out string text) =>
    {
        text = "";
        return m.Fail($"{name} is not a valid format");
    });

    public Outcome Apply(Machine m, JqValue value, out string text)
    {
        var outcome = formatter(m, value, out text);
        if (outcome == Outcome.Value) m.ChargeText(text.Length);
        return outcome;
    }

    private static Formatter OfText(Func<string, string?> function, string? failure = null) => (Machine m, JqValue value, out string text) =>
    {
        Basics.ToText(m, value, out var plain);
        m.ChargeText(plain.Length);
        var formatted = function(plain);
        text = formatted ?? "";
        return formatted is null ? m.Fail($"{Describe.Value(plain)} {failure}") : Outcome.Value;
    };

    private static Outcome Row(Machine m, JqValue value, string format, char separator, Func<string, string> quote, out string text)
    {
        text = "";
        if (!value.TryGetArray(out var fields)) return m.Fail($"{Describe.Value(value)} cannot be {format}-formatted, only array");
        var row = new StringBuilder();
        for (var i = 0; i < fields.Count; i++)
        {
            m.Charge(1);
            if (i > 0) row.Append(separator);
            var field = fields[i];
            if (field.TryGetString(out var plain))
            {
                m.ChargeText(plain.Length);
                row.Append(quote(plain));
            }
            else if (field.IsArray || field.IsObject)
            {
                return m.Fail($"{Describe.Value(field)} is not valid in a csv row");
            }
            else if (!field.IsNull && !(field.TryGetDouble(out var number) && double.IsNaN(number)))
            {
                row.Append(field.ToJson());
            }
        }
        text = row.ToString();
        return Outcome.Value;
    }

    private static string Tabbed(string field) => field
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\t", "\\t", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal);

    private static Outcome Shell(Machine m, JqValue value, out string text)
    {
        text = "";
        ReadOnlySpan<JqValue> words = value.TryGetArray(out var array) ? array.AsSpan() : new ReadOnlySpan<JqValue>(in value);
        var line = new StringBuilder();
        foreach (ref readonly var word in words)
        {
            m.Charge(1);
            if (line.Length > 0) line.Append(' ');
            if (word.TryGetString(out var plain))
            {
                m.ChargeText(plain.Length);
                line.Append('\'').Append(plain.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'');
            }
            else if (word.IsArray || word.IsObject)
            {
                return m.Fail($"{Describe.Value(word)} can not be escaped for shell");
            }
            else
            {
                line.Append(word.ToJson());
            }
        }
        text = line.ToString();
        return Outcome.Value;
    }

    private static string EncodeUri(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (!utf8.AsSpan().ContainsAnyExcept(Unreserved)) return text;
        var encoded = new StringBuilder(utf8.Length * 2);
        foreach (var unit in utf8)
        {
            if (Unreserved.Contains(unit)) encoded.Append((char)unit);
            else encoded.Append('%').Append(unit.ToString("X2"));
        }
        return encoded.ToString();
    }

    private static string? DecodeUri(string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        var length = 0;
        for (var at = 0; at < utf8.Length; at++)
        {
            if (utf8[at] != '%')
            {
                utf8[length++] = utf8[at];
                continue;
            }
            if (at + 2 >= utf8.Length || !char.IsAsciiHexDigit((char)utf8[at + 1]) || !char.IsAsciiHexDigit((char)utf8[at + 2])) return null;
            utf8[length++] = Convert.FromHexString(Encoding.ASCII.GetString(utf8, at + 1, 2))[0];
            at += 2;
        }
        return Utf8.IsValid(utf8.AsSpan(0, length)) ? Encoding.UTF8.GetString(utf8, 0, length) : null;
    }
}
