using System.Buffers;
using System.Text;

namespace Baton.Jq;

/// <summary>Kinds, lengths, conversions, errors.</summary>
internal static class Basics
{
    private const int JqPrintDepth = 10_000;

    public static void Define(NativeTable table)
    {
        table.Add("type/0", input => input.Kind.Name());
        table.Add("length/0", Length);
        table.Add("utf8bytelength/0", Utf8ByteLength);
        table.Add("tojson/0", ToJson);
        table.Add("tostring/0", ToText);
        table.Add("fromjson/0", FromJson);
        table.Add("toboolean/0", ToBoolean);
        table.Add("error/0", (Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output) =>
        {
            output = default;
            return m.Raise(input);
        });
        table.Add("have_literal_numbers/0", _ => true);
        table.Add("have_decnum/0", _ => true);
    }

    /// <summary>jq's text of a value: a string as it is, everything else as JSON.</summary>
    public static Outcome ToText(Machine m, JqValue value, out string text)
    {
        if (!value.TryGetString(out text!)) text = Json(m, value);
        return Outcome.Value;
    }

    /// <summary>The value as JSON, charged in proportion to its length.</summary>
    public static string Json(Machine m, JqValue value)
    {
        if (!value.IsArray && !value.IsObject)
        {
            if (value.TryGetString(out var text)) m.ChargeText(text.Length);
            return value.ToJson();
        }
        // Parts that occur many times make a value much larger as text than in memory, so the text is charged while it is written.
        var json = new ChargedWriter(m);
        new JsonWriter(json).Write(value, JqPrintDepth);
        return json.ToText();
    }

    private sealed class ChargedWriter(Machine m) : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> bytes = new(1024);

        public void Advance(int count)
        {
            m.Charge(count / 32);
            if (bytes.WrittenCount + (long)count > m.Options.Limits.Size) throw m.SizeReached();
            bytes.Advance(count);
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => bytes.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0) => bytes.GetSpan(sizeHint);

        public string ToText() => Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private static Outcome ToText(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = input.IsString ? input : Json(m, input);
        return Outcome.Value;
    }

    private static Outcome ToJson(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = Json(m, input);
        return Outcome.Value;
    }

    private static Outcome FromJson(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetString(out var text)) return m.Fail($"{Describe.Value(input)} only strings can be parsed");
        m.Charge(text.Length / 8);
        return JqDialect.TryParse(text, out output, out var error) ? Outcome.Value : m.Fail(error);
    }

    private static Outcome ToBoolean(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = input;
        if (input.IsBoolean) return Outcome.Value;
        output = input.TryGetString(out var text) && text == "true";
        return output.IsTruthy || (input.TryGetString(out text) && text == "false")
            ? Outcome.Value
            : m.Fail($"{Describe.Value(input)} cannot be parsed as a boolean");
    }

    public static Outcome Length(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        switch (input.Kind)
        {
            case JqKind.Null:
                output = 0;
                return Outcome.Value;
            case JqKind.Number:
                output = Numbers.Abs(input);
                return Outcome.Value;
            case JqKind.String:
                var text = input.AsString();
                m.Charge(text.Length / 64);
                output = TextOrder.CodePoints(text);
                return Outcome.Value;
            case JqKind.Array:
                output = input.AsArray().Count;
                return Outcome.Value;
            case JqKind.Object:
                output = input.AsObject().Count;
                return Outcome.Value;
            default:
                return m.Fail($"{Describe.Value(input)} has no length");
        }
    }

    private static Outcome Utf8ByteLength(Machine m, JqValue input, JqValue a, JqValue b, JqValue c, out JqValue output)
    {
        output = default;
        if (!input.TryGetString(out var text)) return m.Fail($"{Describe.Value(input)} only strings have UTF-8 byte length");
        m.Charge(text.Length / 64);
        output = Encoding.UTF8.GetByteCount(text);
        return Outcome.Value;
    }
}
