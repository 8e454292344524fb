using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Baton.Jq;

/// <summary>
/// Writes values as compact JSON, escaping what RFC 8259 demands and, as jq does, DEL. Iterative: open containers stand on a stack of
/// its own.
/// </summary>
/// <param name="output">Where the JSON goes.</param>
/// <param name="enough">After so many bytes the writer may stop: the rest will be cut off.</param>
internal ref struct JsonWriter(IBufferWriter<byte> output, int enough = int.MaxValue)
{
    private const int Window = 4096;

    private static readonly SearchValues<char> Escaped = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Select(static code => (char)code), '"', '\\', '\u007f',
    ]);

    private readonly IBufferWriter<byte> output = output;
    private Span<byte> free = [];
    private int written = 0;
    private long flushed = 0;

    /// <summary>Writes a whole value; containers nested deeper than <paramref name="maxDepth"/> become a note, as in jq.</summary>
    public void Write(in JqValue value, int maxDepth = int.MaxValue)
    {
        if (!TryWriteScalar(value))
        {
            var open = new Stack<(JqValue Container, int Index)>();
            var container = value;
            var index = 0;
            while (true)
            {
                var isObject = container.TryGetObject(out var members);
                var items = isObject ? members!.AsSpan() : container.AsArray().AsSpan();
                if (index == 0) Raw(isObject ? (byte)'{' : (byte)'[');
                var nested = false;
                while (index < items.Length && flushed + written < enough)
                {
                    if (index > 0) Raw((byte)',');
                    if (isObject)
                    {
                        String(members!.KeySpan()[index]);
                        Raw((byte)':');
                    }
                    ref readonly var item = ref items[index++];
                    if (TryWriteScalar(item)) continue;
                    if (open.Count >= maxDepth)
                    {
                        Raw("<skipped: too deep>"u8);
                        continue;
                    }
                    open.Push((container, index));
                    (container, index) = (item, 0);
                    nested = true;
                    break;
                }
                if (nested) continue;
                Raw(isObject ? (byte)'}' : (byte)']');
                if (!open.TryPop(out var outer)) break;
                (container, index) = outer;
            }
        }
        Flush();
    }

    private bool TryWriteScalar(in JqValue value)
    {
        switch (value.Kind)
        {
            case JqKind.Null:
                Raw("null"u8);
                return true;
            case JqKind.False:
                Raw("false"u8);
                return true;
            case JqKind.True:
                Raw("true"u8);
                return true;
            case JqKind.Number:
                if (value.TryGetPlainNumber(out var number))
                {
                    Ensure(NumberText.MaxDoubleLength);
                    written += NumberText.Write(number, free[written..]);
                }
                else
                {
                    Ascii(value.Literal!.Text);
                }
                return true;
            case JqKind.String:
                String(value.AsString());
                return true;
            default:
                return false;
        }
    }

    private void String(string text)
    {
        Raw((byte)'"');
        var rest = text.AsSpan(0, Math.Min(text.Length, enough));
        while (true)
        {
            var stop = rest.IndexOfAny(Escaped);
            Text(stop < 0 ? rest : rest[..stop]);
            if (stop < 0) break;
            Escape(rest[stop]);
            rest = rest[(stop + 1)..];
        }
        Raw((byte)'"');
    }

    private void Text(ReadOnlySpan<char> text)
    {
        while (text.Length > Window)
        {
            var cut = char.IsHighSurrogate(text[Window - 1]) ? Window - 1 : Window;
            Text(text[..cut]);
            text = text[cut..];
        }
        Ensure(text.Length * 3);
        written += Encoding.UTF8.GetBytes(text, free[written..]);
    }

    private void Ascii(string text)
    {
        Ensure(text.Length);
        written += Encoding.ASCII.GetBytes(text, free[written..]);
    }

    private void Escape(char unit)
    {
        Ensure(6);
        var target = free[written..];
        target[0] = (byte)'\\';
        var letter = unit switch
        {
            '"' => (byte)'"',
            '\\' => (byte)'\\',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            _ => (byte)'u',
        };
        target[1] = letter;
        written += 2;
        if (letter != 'u') return;
        Utf8Formatter.TryFormat((uint)unit, target[2..], out _, new StandardFormat('x', 4));
        written += 4;
    }

    private void Raw(byte single)
    {
        Ensure(1);
        free[written++] = single;
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Ensure(bytes.Length);
        bytes.CopyTo(free[written..]);
        written += bytes.Length;
    }

    private void Ensure(int bytes)
    {
        if (free.Length - written >= bytes) return;
        Flush();
        free = output.GetSpan(Math.Max(bytes, Math.Min(enough, Window)));
    }

    private void Flush()
    {
        output.Advance(written);
        flushed += written;
        written = 0;
        free = [];
    }
}
