using System.Globalization;
using Baton.Jq;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Baton.Server.Outbound;

/// <summary>A text is not the YAML that was asked for.</summary>
internal sealed class YamlException(string reason, Mark at) : FormatException($"{reason} at line {at.Line}, column {at.Column}.");

/// <summary>
/// Reads one YAML document as JSON, by the core schema of YAML 1.2: <c>yes</c>, <c>on</c> and <c>0777</c> are what they look like, and dates are
/// strings. Keys are strings. Aliases share their value, and what they would expand to is bounded. Merge keys are not part of YAML 1.2.
/// </summary>
internal sealed class YamlReader
{
    private const int MaxDepth = 256;

    // Nine lines of aliases can stand for a billion values.
    private const int MaxValues = 2_000_000;

    private const string CoreTag = "tag:yaml.org,2002:";

    private readonly Parser events;
    private readonly Dictionary<string, (JqValue Value, int Size)> anchors = new(StringComparer.Ordinal);

    private YamlReader(TextReader text) => events = new Parser(text);

    /// <exception cref="YamlException">The text is no YAML, or more than one document, or beyond the limits.</exception>
    public static JqValue Read(string text)
    {
        try
        {
            var reader = new YamlReader(new StringReader(text));
            reader.events.Consume<StreamStart>();
            if (reader.events.TryConsume<StreamEnd>(out _)) return JqValue.Null;
            reader.events.Consume<DocumentStart>();
            var (value, _) = reader.ReadValue(0);
            reader.events.Consume<DocumentEnd>();
            if (reader.events.Current is DocumentStart second) throw new YamlException("A second document begins", second.Start);
            return value;
        }
        catch (YamlDotNet.Core.YamlException e)
        {
            throw new YamlException(e.InnerException?.Message.TrimEnd('.') ?? e.Message.TrimEnd('.'), e.Start);
        }
    }

    private (JqValue Value, int Size) ReadValue(int depth)
    {
        if (depth > MaxDepth) throw new YamlException($"More than {MaxDepth} levels of nesting", events.Current!.Start);
        switch (events.Current)
        {
            case AnchorAlias alias:
                events.MoveNext();
                return anchors.TryGetValue(alias.Value.Value, out var known) ? known : throw new YamlException($"The alias '{alias.Value.Value}' stands before its anchor ends", alias.Start);
            case Scalar scalar:
                events.MoveNext();
                return Remember(scalar.Anchor, (ReadScalar(scalar), 1));
            case SequenceStart sequence:
                events.MoveNext();
                return Remember(sequence.Anchor, ReadSequence(sequence, depth));
            case MappingStart mapping:
                events.MoveNext();
                return Remember(mapping.Anchor, ReadMapping(mapping, depth));
            default:
                throw new YamlException("A value is missing", events.Current!.Start);
        }
    }

    private (JqValue Value, int Size) ReadSequence(SequenceStart start, int depth)
    {
        CheckTag(start.Tag, "seq", start.Start);
        var items = new JqArray.Builder();
        var size = 1;
        while (!events.TryConsume<SequenceEnd>(out _))
        {
            var (item, itemSize) = ReadValue(depth + 1);
            items.Add(item);
            size = Add(size, itemSize, start.Start);
        }
        return (items.ToArray(), size);
    }

    private (JqValue Value, int Size) ReadMapping(MappingStart start, int depth)
    {
        CheckTag(start.Tag, "map", start.Start);
        var members = new JqObject.Builder();
        var size = 1;
        while (!events.TryConsume<MappingEnd>(out _))
        {
            if (events.Current is not Scalar key) throw new YamlException("A key must be a string", events.Current!.Start);
            events.MoveNext();
            if (key is { Value: "<<", Style: ScalarStyle.Plain }) throw new YamlException("Merge keys (<<) are not part of YAML 1.2", key.Start);
            if (members.TryGetValue(key.Value, out _)) throw new YamlException($"The key '{key.Value}' stands twice", key.Start);
            Remember(key.Anchor, (key.Value, 1));
            var (value, valueSize) = ReadValue(depth + 1);
            members[key.Value] = value;
            size = Add(size, valueSize, start.Start);
        }
        return (members.ToObject(), size);
    }

    private (JqValue Value, int Size) Remember(AnchorName anchor, (JqValue Value, int Size) read)
    {
        if (!anchor.IsEmpty) anchors[anchor.Value] = read;
        return read;
    }

    private static int Add(int size, int more, Mark at)
    {
        var total = (long)size + more;
        return total <= MaxValues ? (int)total : throw new YamlException($"Aliases expand to more than {MaxValues} values", at);
    }

    private static JqValue ReadScalar(Scalar scalar)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
        {
            var resolved = Resolve(scalar.Value);
            return scalar.Tag.Value switch
            {
                CoreTag + "str" => scalar.Value,
                CoreTag + "null" when resolved.IsNull => resolved,
                CoreTag + "bool" when resolved.IsBoolean => resolved,
                CoreTag + "int" or CoreTag + "float" when resolved.IsNumber => resolved,
                _ => throw new YamlException($"'{scalar.Value}' cannot be of the type {scalar.Tag.Value}", scalar.Start),
            };
        }
        return scalar.Style == ScalarStyle.Plain && scalar.Tag.IsEmpty ? Resolve(scalar.Value) : scalar.Value;   // the tag "!" makes a string
    }

    private static void CheckTag(TagName tag, string expected, Mark at)
    {
        if (!tag.IsEmpty && !tag.IsNonSpecific && tag.Value != CoreTag + expected) throw new YamlException($"The type {tag.Value} is not known", at);
    }

    /// <summary>What a plain scalar is (YAML 1.2.2, section 10.3.2).</summary>
    internal static JqValue Resolve(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => JqValue.Null,
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" => double.PositiveInfinity,
        "-.inf" or "-.Inf" or "-.INF" => double.NegativeInfinity,
        ".nan" or ".NaN" or ".NAN" => double.NaN,
        _ => char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' or '.' ? ResolveNumber(text) : text,
    };

    private static JqValue ResolveNumber(string text)
    {
        if (text.StartsWith("0x", StringComparison.Ordinal)) return long.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, null, out var hex) && hex >= 0 ? hex : text;
        if (text.StartsWith("0o", StringComparison.Ordinal)) return ReadOctal(text.AsSpan(2)) is { } octal ? octal : text;
        // As JSON writes it: no plus, no zeros in front, a digit on both sides of the point.
        var digits = text.TrimStart('+', '-');
        if (text.Length - digits.Length > 1) return text;
        var (mantissa, exponent) = digits.IndexOfAny(['e', 'E']) is var e && e >= 0 ? (digits[..e], digits[e..]) : (digits, "");
        var (whole, fraction) = mantissa.IndexOf('.', StringComparison.Ordinal) is var point && point >= 0 ? (mantissa[..point], mantissa[(point + 1)..]) : (mantissa, "");
        if (whole.Length + fraction.Length == 0 || !whole.All(char.IsAsciiDigit) || !fraction.All(char.IsAsciiDigit) || !IsExponent(exponent)) return text;
        whole = whole.TrimStart('0');
        return JqValue.Parse($"{(text[0] == '-' ? "-" : "")}{(whole.Length == 0 ? "0" : whole)}{(fraction.Length == 0 ? "" : $".{fraction}")}{exponent}");
    }

    private static bool IsExponent(string text)
    {
        if (text.Length == 0) return true;
        var digits = text.AsSpan(text is [_, '+' or '-', ..] ? 2 : 1);
        return !digits.IsEmpty && !digits.ContainsAnyExceptInRange('0', '9');
    }

    private static long? ReadOctal(ReadOnlySpan<char> digits)
    {
        if (digits.IsEmpty || digits.Length > 20 || digits.ContainsAnyExceptInRange('0', '7')) return null;
        long value = 0;
        foreach (var digit in digits) value = value * 8 + (digit - '0');
        return value;
    }
}
