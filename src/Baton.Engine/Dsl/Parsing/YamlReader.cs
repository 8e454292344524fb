using System.Globalization;
using System.Text.RegularExpressions;
using Baton.Jq;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Reads YAML (and so JSON) by the core schema of YAML 1.2, and remembers where each value stood.</summary>
/// <remarks>Bounded in size, depth and number of values, aliases counted in full; a key that stands twice is an error.</remarks>
public sealed partial class YamlReader
{
    /// <summary>Longest document, in characters.</summary>
    public const int MaxLength = 1024 * 1024;

    private const int MaxDepth = 128;   // room for tasks that nest 20 deep, four values for each, and for what the innermost holds
    private const int MaxValues = 100_000;

    private readonly Parser parser;
    private readonly Dictionary<string, JqValue> anchors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> lines = new(StringComparer.Ordinal);
    private int values;

    private YamlReader(string text) => parser = new Parser(new StringReader(text));

    /// <summary>Reads one document.</summary>
    /// <returns>The value, and the line at which the value of each JSON pointer begins.</returns>
    /// <exception cref="InvalidWorkflowException">The text is no YAML, or breaks a bound.</exception>
    public static (JqValue Value, IReadOnlyDictionary<string, int> Lines) Read(string text)
    {
        if (text.Length > MaxLength) throw Refuse("", 0, $"A document has at most {MaxLength:N0} characters; this one has {text.Length:N0}.", "Move large data into the input or into a resource.");
        var reader = new YamlReader(text);
        try
        {
            return (reader.ReadDocument(), reader.lines);
        }
        catch (YamlException e)
        {
            throw Refuse("", (int)Math.Max(e.Start.Line, reader.parser.Current?.End.Line ?? 0), $"This is not YAML: {e.Message}", "Check indentation and quoting there.");
        }
    }

    private JqValue ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.TryConsume<StreamEnd>(out _)) throw Refuse("", 1, "The document is empty.", "Begin with 'document:' and 'do:'.");
        parser.Consume<DocumentStart>();
        var value = ReadValue("", 0);
        parser.Consume<DocumentEnd>();
        if (parser.Accept<DocumentStart>(out var second)) throw Refuse("", (int)second.Start.Line, "The text holds more than one document.", "Register them one by one.");
        return value;
    }

    private JqValue ReadValue(string pointer, int depth)
    {
        var start = (int)parser.Current!.Start.Line;
        lines[pointer] = start;
        if (depth > MaxDepth) throw Refuse(pointer, start, $"Values nest at most {MaxDepth} deep.", "Flatten the document.");
        if (++values > MaxValues) throw Refuse(pointer, start, $"A document holds at most {MaxValues:N0} values.", "Split it, or use fewer aliases.");
        if (parser.TryConsume<AnchorAlias>(out var alias)) return Expand(pointer, alias);
        if (parser.TryConsume<Scalar>(out var scalar)) return Keep(scalar.Anchor, ScalarValue(scalar, pointer));
        if (parser.TryConsume<SequenceStart>(out var sequence))
        {
            var items = new List<JqValue>();
            while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadValue($"{pointer}/{items.Count}", depth + 1));
            return Keep(sequence.Anchor, JqValue.Array([.. items]));
        }
        return ReadMapping(pointer, depth);
    }

    private JqValue ReadMapping(string pointer, int depth)
    {
        var mapping = parser.Consume<MappingStart>();
        var members = new JqObject.Builder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (!parser.TryConsume<Scalar>(out var key)) throw Refuse(pointer, (int)parser.Current!.Start.Line, "A key is plain text.", "Write lists and objects as values only.");
            if (!seen.Add(key.Value)) throw Refuse($"{pointer}/{Escape(key.Value)}", (int)key.Start.Line, $"The key '{key.Value}' stands twice.", "Keep one of them.");
            members[key.Value] = ReadValue($"{pointer}/{Escape(key.Value)}", depth + 1);
        }
        return Keep(mapping.Anchor, members.ToObject());
    }

    private JqValue Expand(string pointer, AnchorAlias alias)
    {
        if (!anchors.TryGetValue(alias.Value.Value, out var value)) throw Refuse(pointer, (int)alias.Start.Line, $"The alias *{alias.Value.Value} has no anchor before it.", "Define it with & first.");
        values += Count(value);
        return value;
    }

    private static int Count(JqValue value) =>
        value.IsArray ? 1 + value.AsArray().Sum(Count) : value.IsObject ? 1 + value.AsObject().Sum(member => Count(member.Value)) : 1;

    private JqValue Keep(AnchorName anchor, JqValue value)
    {
        if (!anchor.IsEmpty) anchors[anchor.Value] = value;
        return value;
    }

    private static JqValue ScalarValue(Scalar scalar, string pointer)
    {
        if (scalar.Style != ScalarStyle.Plain) return scalar.Value;
        var text = scalar.Value;
        switch (text)
        {
            case "" or "~" or "null" or "Null" or "NULL": return JqValue.Null;
            case "true" or "True" or "TRUE": return true;
            case "false" or "False" or "FALSE": return false;
        }
        if (Integer().IsMatch(text)) return JqValue.Parse(text.TrimStart('+'), null);
        if (Decimal().IsMatch(text)) return double.Parse(text, CultureInfo.InvariantCulture);
        if (text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex)) return hex;
        if (text is ".inf" or "+.inf" or "-.inf" or ".nan") throw Refuse(pointer, (int)scalar.Start.Line, $"{text} is not a JSON number.", "Write a finite number, or quote it.");
        return text;
    }

    private static InvalidWorkflowException Refuse(string pointer, int line, string rule, string mend) => new([new DslProblem(pointer, rule, mend, line)]);

    /// <summary>RFC 6901, section 3.</summary>
    internal static string Escape(string token) => token.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    [GeneratedRegex(@"^[-+]?(0|[1-9][0-9]*)$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Decimal();
}
