using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace Baton.Jq;

/// <summary>
/// Reads one JSON text (RFC 8259) into a value. Iterative: open containers stand on a stack of its own. Objects with the same keys
/// share one <see cref="KeyTable"/>, which is found by the first key and confirmed key by key without decoding any.
/// </summary>
internal ref struct JsonParser
{
    private const int ShapeSlots = 64;

    private static readonly SearchValues<byte> StringEnd = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Select(static code => (byte)code), (byte)'"', (byte)'\\',
    ]);

    private readonly ReadOnlySpan<byte> text;
    private readonly JqParseOptions options;
    private readonly KeyTable?[] shapes = new KeyTable?[ShapeSlots];
    private Container[] open = new Container[8];
    private JqValue[] pending;   // the elements and members of the open containers, innermost last
    private int openCount, pendingCount, at;

    private JsonParser(ReadOnlySpan<byte> text, JqParseOptions options, JqValue[] pending)
    {
        this.text = text;
        this.options = options;
        this.pending = pending;
    }

    public static JqValue Parse(ReadOnlySpan<byte> text, JqParseOptions options)
    {
        var parser = new JsonParser(text, options, ArrayPool<JqValue>.Shared.Rent(64));
        try
        {
            return parser.Run();
        }
        finally
        {
            // Values must not be kept alive by the pool.
            ArrayPool<JqValue>.Shared.Return(parser.pending, clearArray: true);
        }
    }

    /// <summary>As <see cref="Parse"/>, for a caller that goes on without a value.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, JqParseOptions options, out JqValue value)
    {
        try
        {
            value = Parse(text, options);
            return true;
        }
        catch (JqParseException)   // the parser's one way out of the middle of a text
        {
            value = default;
            return false;
        }
    }

    private struct Container
    {
        public bool IsObject;
        public KeyTable Table;
        public int Count;      // members so far
        public int Member;     // which member the next value belongs to
        public int Start;      // first slot in pending
    }

    private JqValue Run()
    {
        if (text.Length > options.MaxLength) throw Error($"The text is longer than {options.MaxLength} bytes", options.MaxLength);
        if (!Utf8.IsValid(text)) throw Error("The text is not valid UTF-8", FirstInvalid());
        if (text.StartsWith("\uFEFF"u8)) at = 3;
        while (true)
        {
            var value = Scalar(out var opened);
            if (opened) continue;

            // A value is complete; it may complete the containers around it.
            while (true)
            {
                if (openCount == 0)
                {
                    SkipSpace();
                    if (at < text.Length) throw Unexpected("the end of the text");
                    return value;
                }
                ref var top = ref open[openCount - 1];
                if (top.IsObject && top.Start + top.Member < pendingCount) pending[top.Start + top.Member] = value;
                else Push(value);
                SkipSpace();
                var next = Peek();
                if (next == ',')
                {
                    at++;
                    if (top.IsObject) Key(ref top);
                    break;
                }
                if (next != (top.IsObject ? '}' : ']')) throw Unexpected(top.IsObject ? "',' or '}'" : "',' or ']'");
                at++;
                value = Close(top);
            }
        }
    }

    /// <summary>Reads a scalar or an empty container; or opens a container, up to its first value.</summary>
    private JqValue Scalar(out bool opened)
    {
        opened = false;
        SkipSpace();
        switch (Peek())
        {
            case '"':
                return new JqValue(String());
            case '{':
                at++;
                CheckDepth();
                SkipSpace();
                if (Peek() == '}')
                {
                    at++;
                    return JqValue.EmptyObject;
                }
                opened = true;
                Key(ref Open(isObject: true));
                return default;
            case '[':
                at++;
                CheckDepth();
                SkipSpace();
                if (Peek() == ']')
                {
                    at++;
                    return JqValue.EmptyArray;
                }
                opened = true;
                Open(isObject: false);
                return default;
            case 't':
                return Word("true"u8, JqValue.True);
            case 'f':
                return Word("false"u8, JqValue.False);
            case 'n':
                return Word("null"u8, JqValue.Null);
            case '-' or (>= '0' and <= '9'):
                return Number();
            default:
                throw Unexpected("a value");
        }
    }

    private void Key(ref Container top)
    {
        SkipSpace();
        if (Peek() != '"') throw Unexpected("a key in double quotes");
        var start = at;
        var end = text[(start + 1)..].IndexOfAny(StringEnd);
        var isPlain = end >= 0 && text[start + 1 + end] == '"';
        var plain = isPlain ? text.Slice(start + 1, end) : [];
        ref var shape = ref shapes[plain.IsEmpty ? 0 : (plain[0] + plain[^1] * 7 + plain.Length * 31) & (ShapeSlots - 1)];
        if (top.Count == 0 && isPlain && shape is not null && shape.Continues(0, plain)) top.Table = shape;
        if (isPlain && top.Table.Continues(top.Count, plain))
        {
            at = start + plain.Length + 2;
            top.Member = top.Count++;
        }
        else
        {
            var key = String();
            top.Member = top.Table.IndexOf(key, top.Count);
            if (top.Member < 0)
            {
                top.Table = top.Table.Append(top.Count, key);
                if (top.Count == 0) shape = top.Table;
                top.Member = top.Count++;
            }
            else if (options.RejectDuplicateKeys)
            {
                throw Error($"The key \"{key}\" occurs twice in an object", start, PointerTo(key));
            }
        }
        SkipSpace();
        if (Peek() != ':') throw Unexpected("':'");
        at++;
    }

    private ref Container Open(bool isObject)
    {
        if (openCount == open.Length) Array.Resize(ref open, openCount * 2);
        ref var top = ref open[openCount++];
        top = new Container { IsObject = isObject, Table = KeyTable.Empty, Start = pendingCount };
        return ref top;
    }

    private JqValue Close(in Container top)
    {
        openCount--;
        var values = pending.AsSpan(top.Start, pendingCount - top.Start).ToArray();
        pendingCount = top.Start;
        var weight = Weight.OfItems(values);
        return top.IsObject
            ? new JqValue(new JqObject(top.Table, values, top.Count) { Weight = weight })
            : new JqValue(new JqArray(values, 0, values.Length) { Weight = weight });
    }

    private void Push(in JqValue value)
    {
        if (pendingCount == pending.Length)
        {
            var larger = ArrayPool<JqValue>.Shared.Rent(pending.Length * 2);
            pending.CopyTo(larger.AsSpan());
            ArrayPool<JqValue>.Shared.Return(pending, clearArray: true);
            pending = larger;
        }
        pending[pendingCount++] = value;
    }

    private JqValue Number()
    {
        var start = at;
        if (Peek() == '-') at++;
        if (Peek() == '0') at++;
        else Digits();
        if (Peek() == '.')
        {
            at++;
            Digits();
        }
        if (Peek() is 'e' or 'E')
        {
            at++;
            if (Peek() is '+' or '-') at++;
            Digits();
        }
        return NumberText.Read(text[start..at]);
    }

    private void Digits()
    {
        var start = at;
        while (at < text.Length && (uint)(text[at] - '0') <= 9) at++;
        if (at == start) throw Unexpected("a digit");
    }

    private JqValue Word(ReadOnlySpan<byte> word, JqValue value)
    {
        if (!text[at..].StartsWith(word)) throw Unexpected("a value");
        at += word.Length;
        return value;
    }

    private string String()
    {
        var rest = text[(at + 1)..];
        var end = rest.IndexOfAny(StringEnd);
        if (end >= 0 && rest[end] == '"')
        {
            at += end + 2;
            return Encoding.UTF8.GetString(rest[..end]);
        }
        return EscapedString(rest, end);
    }

    private string EscapedString(ReadOnlySpan<byte> rest, int stop)
    {
        var builder = new StringBuilder();
        while (true)
        {
            if (stop < 0) throw Error("The string does not end", at);
            builder.Append(Encoding.UTF8.GetString(rest[..stop]));
            rest = rest[stop..];
            if (rest[0] == '"') break;
            if (rest[0] != '\\') throw Error($"A control character in a string must be written as \\u{rest[0]:x4}", text.Length - rest.Length);
            if (!JsonEscapes.TryRead(ref rest, builder)) throw Error("Invalid escape in a string", text.Length - rest.Length);
            stop = rest.IndexOfAny(StringEnd);
        }
        at = text.Length - rest.Length + 1;
        return builder.ToString();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void SkipSpace()
    {
        while (at < text.Length && text[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') at++;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly char Peek() => at < text.Length ? (char)text[at] : '\0';

    private readonly void CheckDepth()
    {
        if (openCount >= options.MaxDepth) throw Error($"Nested deeper than {options.MaxDepth} levels", at - 1);
    }

    private readonly JqParseException Unexpected(string wanted)
    {
        if (at >= text.Length) return Error($"Expected {wanted}, but the text ends", text.Length);
        Rune.DecodeFromUtf8(text[at..], out var rune, out _);
        return Error($"Expected {wanted}, but found '{rune}'", at);
    }

    private readonly JqParseException Error(string reason, int offset, string? pointer = null)
    {
        var before = text[..offset];
        return new JqParseException(reason, offset, before.Count((byte)'\n') + 1, offset - before.LastIndexOf((byte)'\n'), pointer);
    }

    private readonly int FirstInvalid()
    {
        var offset = 0;
        while (Rune.DecodeFromUtf8(text[offset..], out _, out var consumed) == OperationStatus.Done) offset += consumed;
        return offset;
    }

    private readonly string PointerTo(string key)
    {
        var pointer = new StringBuilder();
        for (var i = 0; i < openCount; i++)
        {
            ref var container = ref open[i];
            var token = !container.IsObject ? (open[i + 1].Start - container.Start).ToString()
                : i == openCount - 1 ? key
                : container.Table.Keys(container.Count)[container.Member];
            pointer.Append('/').Append(token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
        }
        return pointer.ToString();
    }
}
