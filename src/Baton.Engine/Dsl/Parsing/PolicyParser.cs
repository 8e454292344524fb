using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Policies;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Error policies: of a task, of a document, and of a server's file.</summary>
internal static class PolicyParser
{
    private const int MaxPattern = 1_000;

    private static readonly (string Word, ErrorClass Value)[] Classes = [.. Enum.GetValues<ErrorClass>().Select(value => (value.ToName(), value))];

    private static readonly string[] Actions = ["skip", "compensate", "escalate", "fail"];

    /// <summary>The policies that come with the engine.</summary>
    public static IEnumerable<ErrorPolicy> BuiltIn()
    {
        using var data = typeof(PolicyParser).Assembly.GetManifestResourceStream("Baton.Engine.Policies.standard.yaml")!;
        using var text = new StreamReader(data);
        var (source, lines) = YamlReader.Read(text.ReadToEnd());
        var context = new ParseContext(null, lines);
        yield return Policy(PolicyCatalog.Standard, source, "", context, VariableNames.Runtime, null)!;
        if (context.Problems.Count > 0) throw new InvalidWorkflowException(context.Problems);
        yield return new ErrorPolicy(PolicyCatalog.None, [], [new PolicyRule("none/0", [], [], [], null, [], new PolicyAction.Fail([]))]);
    }

    /// <summary>The policies of a file.</summary>
    /// <exception cref="InvalidWorkflowException">With every problem that was found.</exception>
    public static IReadOnlyList<ErrorPolicy> File(string text)
    {
        var (source, lines) = YamlReader.Read(text);
        var context = new ParseContext(null, lines);
        var policies = new List<ErrorPolicy>();
        if (ObjectReader.Open(source, "", context, "A file of error policies") is { } root)
        {
            if (root.Require("policies", "A file of error policies") is { } named && ObjectReader.Open(named, "/policies", context, "'policies'") is not null)
            {
                foreach (var (name, value) in named.AsObject())
                {
                    var pointer = $"/policies/{YamlReader.Escape(name)}";
                    if (name is "task" or "workflow" or PolicyCatalog.None) context.Add(pointer, $"No policy of a server can be named '{name}'.", "Give it another name.");
                    if (Policy(name, value, pointer, context, VariableNames.Runtime, null) is { } policy) policies.Add(policy);
                }
            }
            root.Close("A file of error policies");
        }
        return context.Problems.Count == 0 ? policies : throw new InvalidWorkflowException(context.Problems);
    }

    /// <summary>Reads <c>on_error</c>: a policy, or the name of one of the server's.</summary>
    /// <param name="depth">How deep tasks are nested here; null where no tasks may stand.</param>
    /// <returns>The layers: the policy itself, and the one that it is to go on with.</returns>
    public static ImmutableArray<ErrorPolicy> OnError(string name, ObjectReader parent, ParseContext context, VariableNames variables, int? depth)
    {
        if (parent.Take("on_error") is not { } value) return default;
        var pointer = parent.At("on_error");
        if (value.IsString) return Named(value, pointer, context) is { } named ? [named] : [];
        if (Policy(name, value, pointer, context, variables, depth) is not { } policy) return [];
        return value["use"] is { IsNull: false } use && Named(use, $"{pointer}/use", context) is { } next ? [policy, next] : [policy];
    }

    private static ErrorPolicy? Named(JqValue value, string pointer, ParseContext context)
    {
        if (!value.TryGetString(out var name))
        {
            context.Add(pointer, $"An error policy is named by a text, not {ObjectReader.Describe(value)}.", Nearest.Hint("", context.Host.Policies.Names));
            return null;
        }
        if (context.Host.Policies.Find(name) is { } found) return found;
        context.Add(pointer, $"There is no error policy '{name}'.", Nearest.Hint(name, context.Host.Policies.Names));
        return null;
    }

    private static ErrorPolicy? Policy(string name, JqValue value, string pointer, ParseContext context, VariableNames variables, int? depth)
    {
        if (ObjectReader.Open(value, pointer, context, "An error policy") is not { } reader) return null;
        if (depth is not null) reader.Take("use");
        var patterns = Items(reader, "patterns", context).Select(item => Pattern(item.Value, item.Pointer, context)).OfType<ErrorPattern>().ToImmutableArray();
        var rules = Items(reader, "rules", context).Select((item, i) => Rule($"{name}/{i}", item.Value, item.Pointer, context, variables, depth)).OfType<PolicyRule>().ToImmutableArray();
        if (!reader.Has("rules") && !(depth is not null && reader.Has("use"))) context.Add(pointer, "An error policy needs 'rules'.", "Add 'rules:' and a list of what is done about which errors.");
        reader.Close("An error policy");
        return new ErrorPolicy(name, patterns, rules);
    }

    private static IEnumerable<(JqValue Value, string Pointer)> Items(ObjectReader reader, string name, ParseContext context)
    {
        if (reader.Take(name) is not { } value) return [];
        if (value.TryGetArray(out var items)) return items.Select((item, i) => (item, $"{reader.At(name)}/{i}"));
        context.Add(reader.At(name), $"'{name}' is a list, not {ObjectReader.Describe(value)}.", "Begin each item with '- '.");
        return [];
    }

    private static ErrorPattern? Pattern(JqValue value, string pointer, ParseContext context)
    {
        if (ObjectReader.Open(value, pointer, context, "A pattern") is not { } reader) return null;
        var text = reader.RequireText("match", "A pattern");
        var errorClass = reader.Require("class", "A pattern") is null ? ErrorClass.Generic : reader.TakeWord("class", ErrorClass.Generic, Classes);
        reader.Close("A pattern");
        if (text is null) return null;
        try
        {
            if (text.Length > MaxPattern) throw new NotSupportedException($"it is longer than {MaxPattern:N0} characters.");
            return new ErrorPattern(new Regex(text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), errorClass);   // time grows with the message's length only
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            context.Add(reader.At("match"), $"This is not a regular expression that can be used here: {e.Message.ReplaceLineEndings(" ")}", "Mend it. Look-arounds and back-references are not available.");
            return null;
        }
    }

    private static PolicyRule? Rule(string name, JqValue value, string pointer, ParseContext context, VariableNames variables, int? depth)
    {
        if (ObjectReader.Open(value, pointer, context, "A rule of an error policy") is not { } reader) return null;
        var inner = variables.With("error");
        var rule = new PolicyRule(name, ClassesOf(reader, context), Statuses(reader, context), Types(reader, context),
            reader.Take("retry") is { } retry ? Retry(retry, reader.At("retry"), context) : null,
            [.. Items(reader, "fallback", context).Select(item => FallbackOf(item.Value, item.Pointer, context, inner, depth)).OfType<Fallback>()],
            Last(reader, context, inner));
        if (reader.Has("fallback") && rule.Fallbacks.IsEmpty) context.Add(reader.At("fallback"), "'fallback' is a list of at least one thing to try.", "Write for example: fallback: [ { cached: {} } ]");
        if (rule.Retry is null && !reader.Has("fallback") && !Actions.Any(reader.Has)) context.Add(pointer, "A rule says what is done.", $"Add one of retry, fallback, {string.Join(", ", Actions)}.");
        foreach (var action in Actions) reader.TakeAny(action);
        reader.Close("A rule of an error policy");
        return rule;
    }

    private static ImmutableArray<ErrorClass> ClassesOf(ObjectReader reader, ParseContext context)
    {
        var classes = ImmutableArray.CreateBuilder<ErrorClass>();
        foreach (var (value, pointer) in OneOrMore(reader, "class"))
        {
            var name = value.TryGetString(out var text) ? text : "";
            if (Classes.Where(known => known.Word == name).Select(known => (ErrorClass?)known.Value).FirstOrDefault() is { } found) classes.Add(found);
            else context.Add(pointer, $"'class' is the class of an error, not {ObjectReader.Describe(value)}.", Nearest.Hint(name, Classes.Select(known => known.Word)));
        }
        return classes.ToImmutable();
    }

    private static ImmutableArray<int> Statuses(ObjectReader reader, ParseContext context)
    {
        var statuses = ImmutableArray.CreateBuilder<int>();
        foreach (var (value, pointer) in OneOrMore(reader, "status"))
        {
            if (value.TryGetInt64(out var status) && status is >= 100 and <= 599) statuses.Add((int)status);
            else context.Add(pointer, $"'status' is an HTTP status, not {ObjectReader.Describe(value)}.", "Write a number from 100 to 599, or a list of them.");
        }
        return statuses.ToImmutable();
    }

    private static ImmutableArray<string> Types(ObjectReader reader, ParseContext context)
    {
        var types = ImmutableArray.CreateBuilder<string>();
        foreach (var (value, pointer) in OneOrMore(reader, "type"))
        {
            if (value.TryGetString(out var type)) types.Add(ErrorTypes.Canonical(type));
            else context.Add(pointer, $"'type' is the URI of an error's type, not {ObjectReader.Describe(value)}.", "Write a text, or a list of them.");
        }
        return types.ToImmutable();
    }

    private static IEnumerable<(JqValue Value, string Pointer)> OneOrMore(ObjectReader reader, string name)
    {
        if (reader.Take(name) is not { } value) return [];
        return value.TryGetArray(out var items) ? items.Select((item, i) => (item, $"{reader.At(name)}/{i}")) : [(value, reader.At(name))];
    }

    private static PolicyRetry? Retry(JqValue value, string pointer, ParseContext context)
    {
        if (ObjectReader.Open(value, pointer, context, "'retry'") is not { } reader) return null;
        var retry = new PolicyRetry(reader.TakeInteger("max_retries", 1, 1_000_000), Span(reader, "delay", context),
            reader.TakeWord("backoff", BackoffKind.Exponential, ("exponential", BackoffKind.Exponential), ("linear", BackoffKind.Linear), ("constant", BackoffKind.Constant)),
            Span(reader, "max_delay", context), reader.TakeBoolean("jitter", true));
        reader.Close("'retry'");
        return retry;
    }

    private static TimeSpan? Span(ObjectReader reader, string name, ParseContext context)
    {
        if (reader.Take(name) is not { } value) return null;
        if (Durations.TryRead(value, out var span, out var fault)) return span;
        context.Add(reader.At(name), fault!, "Write { seconds: 10 } or PT10S.");
        return null;
    }

    private static Fallback? FallbackOf(JqValue value, string pointer, ParseContext context, VariableNames variables, int? depth)
    {
        if (ObjectReader.Open(value, pointer, context, "A fallback") is not { } reader) return null;
        string[] kinds = ["model", "cached", "value", "reduced_concurrency", "refreshed_credential", "do"];
        var present = kinds.Where(reader.Has).ToList();
        if (present.Count != 1)
        {
            var unknown = value.AsObject().Keys.FirstOrDefault();
            context.Add(pointer, $"A fallback is exactly one of {string.Join(", ", kinds)}.", present.Count > 1 ? "Make each an item of its own: they are tried in order." : unknown is null ? "Add one." : Nearest.Hint(unknown, kinds));
            return null;
        }
        Fallback? fallback = present[0] switch
        {
            "model" => reader.TakeText("model") is { } model ? new Fallback.Model(model) : null,
            "cached" => Cached(reader, context),
            "value" => new Fallback.Value(context.CompileValue(reader.TakeAny("value") ?? JqValue.Null, reader.At("value"), variables)),
            "reduced_concurrency" => Reduced(reader, context),
            "refreshed_credential" => Empty(reader, "refreshed_credential", context) ? new Fallback.RefreshedCredential() : null,
            _ => Tasks(reader, context, variables, depth),
        };
        reader.Close("A fallback");
        return fallback;
    }

    private static Fallback.Cached? Cached(ObjectReader parent, ParseContext context)
    {
        if (parent.Take("cached") is not { } value || ObjectReader.Open(value, parent.At("cached"), context, "'cached'") is not { } reader) return null;
        var fallback = new Fallback.Cached(Span(reader, "max_age", context));
        reader.Close("'cached'");
        return fallback;
    }

    private static Fallback.ReducedConcurrency? Reduced(ObjectReader parent, ParseContext context)
    {
        if (parent.Take("reduced_concurrency") is not { } value || ObjectReader.Open(value, parent.At("reduced_concurrency"), context, "'reduced_concurrency'") is not { } reader) return null;
        var retry = reader.Take("retry") is { } again ? Retry(again, reader.At("retry"), context) ?? PolicyRetry.Default : PolicyRetry.Default;
        var fallback = new Fallback.ReducedConcurrency(reader.TakeInteger("at_most", 1, 10_000) ?? 1, retry);
        reader.Close("'reduced_concurrency'");
        return fallback;
    }

    private static Fallback.Do? Tasks(ObjectReader reader, ParseContext context, VariableNames variables, int? depth)
    {
        if (reader.Take("do") is not { } list) return null;
        if (depth is { } level) return new Fallback.Do(TaskParser.List(list, reader.At("do"), context, variables, level + 1));
        context.Add(reader.At("do"), "Tasks stand in documents only, not in a policy of the server.", "Write this fallback into the document's own 'on_error'.");
        return null;
    }

    private static bool Empty(ObjectReader parent, string name, ParseContext context)
    {
        if (parent.Take(name) is not { } value || ObjectReader.Open(value, parent.At(name), context, $"'{name}'") is not { } reader) return false;
        reader.Close($"'{name}'");
        return true;
    }

    private static PolicyAction Last(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        var present = Actions.Where(reader.Has).ToList();
        if (present.Count > 1) context.Add(reader.Pointer, $"A rule ends in one of {string.Join(", ", Actions)}; this one has {string.Join(" and ", present)}.", "Keep one.");
        if (present.Count == 0 || ObjectReader.Open(reader.Take(present[0]) ?? default, reader.At(present[0]), context, $"'{present[0]}'") is not { } inner) return new PolicyAction.Fail([]);
        PolicyAction action = present[0] switch
        {
            "skip" => new PolicyAction.Skip(inner.TakeAny("output") is { } output ? context.CompileValue(output, inner.At("output"), variables) : null),
            "compensate" => new PolicyAction.Compensate(Channels(inner, context)),
            "escalate" => new PolicyAction.Escalate(ApproveParser.Escalation(inner, context, variables)),
            _ => new PolicyAction.Fail(Channels(inner, context)),
        };
        inner.Close($"'{present[0]}'");
        return action;
    }

    private static EquatableList<string> Channels(ObjectReader reader, ParseContext context)
    {
        var channels = new List<string>();
        foreach (var (value, pointer) in OneOrMore(reader, "notify"))
        {
            if (value.TryGetString(out var channel)) channels.Add(channel);
            else context.Add(pointer, $"'notify' names channels, and is not {ObjectReader.Describe(value)}.", "Write the name of a channel of the section Notifications, or a list of them.");
        }
        return [.. channels];
    }
}
