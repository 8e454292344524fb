using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Jq;

namespace Baton.Engine.Tests.Schema;

/// <summary>
/// The specification read word by word: slow, without limits, and with annotations as sets that are handed up. It knows the keywords
/// that <see cref="RandomSchemas"/> writes.
/// </summary>
internal sealed class Oracle(JqValue document)
{
    public bool IsValid(JqValue value) => Apply(document, value).IsValid;

    // What a schema says: the verdict, and the members and items that it evaluated. A schema that fails has evaluated nothing.
    private sealed record Outcome(bool IsValid, ImmutableHashSet<string> Members, ImmutableHashSet<int> Items)
    {
        public static readonly Outcome Failed = new(false, [], []);
        public static readonly Outcome Empty = new(true, [], []);

        public Outcome And(Outcome other) => IsValid && other.IsValid ? new(true, Members.Union(other.Members), Items.Union(other.Items)) : Failed;

        public Outcome And(bool holds) => holds ? this : Failed;
    }

    private Outcome Apply(JqValue schema, JqValue value)
    {
        if (schema.IsBoolean) return schema.IsTruthy ? Outcome.Empty : Outcome.Failed;
        var outcome = Outcome.Empty;
        foreach (var (keyword, rule) in schema.AsObject())
        {
            outcome = outcome.And(value.Kind switch
            {
                JqKind.Number => OfNumber(keyword, rule, value),
                JqKind.String => OfString(keyword, rule, value.AsString()),
                JqKind.Array => OfArray(schema, keyword, rule, value),
                JqKind.Object => OfObject(schema, keyword, rule, value),
                _ => Outcome.Empty,
            }).And(OfAny(schema, keyword, rule, value));
        }
        if (value.IsArray) outcome = outcome.And(Unevaluated(schema["unevaluatedItems"], value, outcome));
        if (value.IsObject) outcome = outcome.And(Unevaluated(schema["unevaluatedProperties"], value, outcome));
        return outcome;
    }

    private Outcome OfAny(JqValue schema, string keyword, JqValue rule, JqValue value)
    {
        switch (keyword)
        {
            case "type":
                return Outcome.Empty.And((rule.IsArray ? rule : JqValue.Array(rule)).AsArray().ToArray().Any(type => IsOfType(type.AsString(), value)));
            case "const":
                return Outcome.Empty.And(value == rule);
            case "enum":
                return Outcome.Empty.And(rule.AsArray().ToArray().Contains(value));
            case "$ref":
                return Apply(rule.AsString().Split('/').Skip(1).Aggregate(document, (at, token) => at[token]), value);
            case "allOf":
                return rule.AsArray().ToArray().Aggregate(Outcome.Empty, (all, part) => all.And(Apply(part, value)));
            case "anyOf" or "oneOf":
                var fitting = rule.AsArray().ToArray().Select(part => Apply(part, value)).Where(part => part.IsValid).ToList();
                if (fitting.Count == 0 || (keyword == "oneOf" && fitting.Count > 1)) return Outcome.Failed;
                return fitting.Aggregate((all, part) => all.And(part));
            case "not":
                return Outcome.Empty.And(!Apply(rule, value).IsValid);
            case "if":
                var condition = Apply(rule, value);
                var members = schema.AsObject();
                if (condition.IsValid) return members.TryGetValue("then", out var then) ? condition.And(Apply(then, value)) : condition;
                return members.TryGetValue("else", out var otherwise) ? Apply(otherwise, value) : Outcome.Empty;
            default:
                return Outcome.Empty;
        }
    }

    private static Outcome OfNumber(string keyword, JqValue rule, JqValue value) => Outcome.Empty.And(keyword switch
    {
        "minimum" => value >= rule,
        "exclusiveMinimum" => value > rule,
        "maximum" => value <= rule,
        "exclusiveMaximum" => value < rule,
        // The divisors are 0.5, 2 and 1e-5; the values are small, 1e400 or 2^53 + 1.
        "multipleOf" => double.IsInfinity(value.AsDouble()) || (rule == 2 ? value != JqValue.Parse("9007199254740993") && value.AsDouble() % 2 == 0 : value.AsDouble() % 0.5 == 0),
        _ => true,
    });

    private static Outcome OfString(string keyword, JqValue rule, string value) => Outcome.Empty.And(keyword switch
    {
        "minLength" => value.EnumerateRunes().Count() >= rule.AsDouble(),
        "maxLength" => value.EnumerateRunes().Count() <= rule.AsDouble(),
        "pattern" => rule.AsString() == "^.$" ? value.EnumerateRunes().Count() == 1 : Regex.IsMatch(value, rule.AsString(), RegexOptions.None, TimeSpan.FromSeconds(1)),
        _ => true,
    });

    private Outcome OfArray(JqValue schema, string keyword, JqValue rule, JqValue value)
    {
        var items = value.AsArray().ToArray();
        switch (keyword)
        {
            case "minItems":
                return Outcome.Empty.And(items.Length >= rule.AsDouble());
            case "maxItems":
                return Outcome.Empty.And(items.Length <= rule.AsDouble());
            case "uniqueItems":
                return Outcome.Empty.And(!rule.IsTruthy || items.Distinct().Count() == items.Length);
            case "prefixItems":
                return Items(rule.AsArray().ToArray().Zip(items).Select((pair, i) => (i, pair.First, pair.Second)));
            case "items":
                var start = schema["prefixItems"].IsArray ? schema["prefixItems"].AsArray().Count : 0;
                return Items(items.Select((item, i) => (i, rule, item)).Skip(start));
            case "contains":
                var fitting = Enumerable.Range(0, items.Length).Where(i => Apply(rule, items[i]).IsValid).ToImmutableHashSet();
                var (least, most) = (schema["minContains"].IsNumber ? schema["minContains"].AsDouble() : 1, schema["maxContains"].IsNumber ? schema["maxContains"].AsDouble() : double.MaxValue);
                return fitting.Count >= least && fitting.Count <= most ? new Outcome(true, [], fitting) : Outcome.Failed;
            default:
                return Outcome.Empty;
        }
    }

    private Outcome OfObject(JqValue schema, string keyword, JqValue rule, JqValue value)
    {
        var members = value.AsObject().ToList();
        bool Has(string name) => value.AsObject().ContainsKey(name);
        switch (keyword)
        {
            case "minProperties":
                return Outcome.Empty.And(members.Count >= rule.AsDouble());
            case "maxProperties":
                return Outcome.Empty.And(members.Count <= rule.AsDouble());
            case "required":
                return Outcome.Empty.And(rule.AsArray().ToArray().All(name => Has(name.AsString())));
            case "dependentRequired":
                return Outcome.Empty.And(rule.AsObject().All(entry => !Has(entry.Key) || entry.Value.AsArray().ToArray().All(name => Has(name.AsString()))));
            case "dependentSchemas":
                return rule.AsObject().Where(entry => Has(entry.Key)).Aggregate(Outcome.Empty, (all, entry) => all.And(Apply(entry.Value, value)));
            case "propertyNames":
                return Outcome.Empty.And(members.All(member => Apply(rule, member.Key).IsValid));
            case "properties":
                return Members(members.Where(member => rule.AsObject().ContainsKey(member.Key)).Select(member => (member.Key, rule[member.Key], member.Value)));
            case "patternProperties":
                return Members(from pattern in rule.AsObject() from member in members where Matches(member.Key, pattern.Key) select (member.Key, pattern.Value, member.Value));
            case "additionalProperties":
                return Members(members
                    .Where(member => !(schema["properties"].IsObject && schema["properties"].AsObject().ContainsKey(member.Key)))
                    .Where(member => !(schema["patternProperties"].IsObject && schema["patternProperties"].AsObject().Any(pattern => Matches(member.Key, pattern.Key))))
                    .Select(member => (member.Key, rule, member.Value)));
            default:
                return Outcome.Empty;
        }
    }

    private Outcome Unevaluated(JqValue rule, JqValue value, Outcome so)
    {
        if (rule.IsNull || !so.IsValid) return so;
        return value.TryGetArray(out var items)
            ? Items(items.ToArray().Select((item, i) => (i, rule, item)).Where(entry => !so.Items.Contains(entry.i)))
            : Members(value.AsObject().Where(member => !so.Members.Contains(member.Key)).Select(member => (member.Key, rule, member.Value)));
    }

    private Outcome Items(IEnumerable<(int Index, JqValue Schema, JqValue Value)> entries)
    {
        var all = entries.ToList();
        return all.All(entry => Apply(entry.Schema, entry.Value).IsValid) ? new Outcome(true, [], [.. all.Select(entry => entry.Index)]) : Outcome.Failed;
    }

    private Outcome Members(IEnumerable<(string Name, JqValue Schema, JqValue Value)> entries)
    {
        var all = entries.ToList();
        return all.All(entry => Apply(entry.Schema, entry.Value).IsValid) ? new Outcome(true, [.. all.Select(entry => entry.Name)], []) : Outcome.Failed;
    }

    private static bool Matches(string name, string pattern) => Regex.IsMatch(name, pattern, RegexOptions.None, TimeSpan.FromSeconds(1));

    private static bool IsOfType(string type, JqValue value) => type switch
    {
        "null" => value.IsNull,
        "boolean" => value.IsBoolean,
        "number" => value.IsNumber,
        "integer" => value.IsNumber && value != JqValue.Parse("0.5"),   // the only fraction there is
        "string" => value.IsString,
        "array" => value.IsArray,
        _ => value.IsObject,
    };
}
