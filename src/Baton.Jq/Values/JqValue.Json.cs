using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Baton.Jq;

public readonly partial struct JqValue
{
    /// <summary>Reads one JSON text in UTF-8, with or without a byte order mark. Unpaired surrogate escapes become U+FFFD.</summary>
    /// <exception cref="JqParseException">The text is no JSON, no UTF-8, or beyond the limits of <paramref name="options"/>.</exception>
    public static JqValue Parse(ReadOnlySpan<byte> utf8, JqParseOptions? options = null) =>
        JsonParser.Parse(utf8, options ?? JqParseOptions.Default);

    /// <summary>Reads one JSON text. Unpaired surrogates become U+FFFD. Offsets in errors count UTF-8 bytes.</summary>
    /// <exception cref="JqParseException">The text is no JSON, or beyond the limits of <paramref name="options"/>.</exception>
    public static JqValue Parse(string json, JqParseOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(json);
        var buffer = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(json.Length));
        try
        {
            return Parse(buffer.AsSpan(0, Encoding.UTF8.GetBytes(json, buffer)), options);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>The value of an element of System.Text.Json; of equal keys the last wins.</summary>
    /// <exception cref="JqParseException">The element's text holds comments or trailing commas.</exception>
    /// <exception cref="InvalidOperationException">The element is undefined.</exception>
    public static JqValue From(JsonElement element) =>
        JsonParser.Parse(JsonMarshal.GetRawUtf8Value(element), Unlimited);

    private static readonly JqParseOptions Unlimited = new() { MaxDepth = int.MaxValue };

    /// <summary>Writes the value as compact JSON in UTF-8.</summary>
    public void WriteTo(IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        new JsonWriter(output).Write(this);
    }

    /// <summary>Writes the value with a writer of System.Text.Json, in its formatting and escaping.</summary>
    /// <exception cref="InvalidOperationException">The value is nested deeper than the writer allows, or may not stand where the writer is.</exception>
    public void WriteTo(Utf8JsonWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        if (WriteScalar(writer, this)) return;
        var open = new Stack<(JqValue Container, int Index)>();
        open.Push((this, 0));
        Start(writer, this);
        while (open.TryPop(out var top))
        {
            var (container, index) = top;
            var isObject = container.TryGetObject(out var members);
            var items = isObject ? members!.AsSpan() : container.AsArray().AsSpan();
            while (index < items.Length)
            {
                if (isObject) writer.WritePropertyName(members!.KeySpan()[index]);
                var item = items[index++];
                if (WriteScalar(writer, item)) continue;
                open.Push((container, index));
                open.Push((item, 0));
                Start(writer, item);
                index = -1;
                break;
            }
            if (index < 0) continue;
            if (isObject) writer.WriteEndObject();
            else writer.WriteEndArray();
        }
    }

    /// <summary>The value as compact JSON in UTF-8.</summary>
    public byte[] ToUtf8Bytes()
    {
        var buffer = TakeScratch();
        WriteTo(buffer);
        var json = buffer.WrittenSpan.ToArray();
        KeepScratch(buffer);
        return json;
    }

    /// <summary>The value as compact JSON.</summary>
    public string ToJson()
    {
        if (TryGetPlainNumber(out var number)) return NumberText.Write(number);
        var buffer = TakeScratch();
        WriteTo(buffer);
        var json = Encoding.UTF8.GetString(buffer.WrittenSpan);
        KeepScratch(buffer);
        return json;
    }

    /// <summary>The value as compact JSON; a string gives its JSON text in quotes.</summary>
    public override string ToString() => ToJson();

    private const int MaxScratch = 4 << 20;

    [ThreadStatic] private static ArrayBufferWriter<byte>? scratch;

    // One buffer per thread spares growing a new one for every text.
    private static ArrayBufferWriter<byte> TakeScratch()
    {
        var buffer = scratch ?? new ArrayBufferWriter<byte>();
        scratch = null;
        return buffer;
    }

    private static void KeepScratch(ArrayBufferWriter<byte> buffer)
    {
        if (buffer.Capacity > MaxScratch) return;
        buffer.ResetWrittenCount();
        scratch = buffer;
    }

    private static void Start(Utf8JsonWriter writer, in JqValue container)
    {
        if (container.IsObject) writer.WriteStartObject();
        else writer.WriteStartArray();
    }

    private static bool WriteScalar(Utf8JsonWriter writer, in JqValue value)
    {
        switch (value.Kind)
        {
            case JqKind.Null:
                writer.WriteNullValue();
                return true;
            case JqKind.False or JqKind.True:
                writer.WriteBooleanValue(value.Kind == JqKind.True);
                return true;
            case JqKind.Number when value.TryGetPlainNumber(out var number):
                Span<byte> digits = stackalloc byte[NumberText.MaxDoubleLength];
                writer.WriteRawValue(digits[..NumberText.Write(number, digits)], skipInputValidation: true);
                return true;
            case JqKind.Number:
                writer.WriteRawValue(value.Literal!.Text, skipInputValidation: true);
                return true;
            case JqKind.String:
                writer.WriteStringValue(value.AsString());
                return true;
            default:
                return false;
        }
    }
}
