using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Parses and checks a whole document. What it does not know it refuses: a typo never passes in silence.</summary>
internal static partial class DocumentParser
{
    private static readonly (string Word, string Value)[] ExtensionTargets =
        [.. new[] { "call", "composite", "emit", "for", "listen", "raise", "run", "set", "switch", "try", "wait", "all" }.Select(word => (word, word))];

    /// <exception cref="InvalidWorkflowException">With every problem that was found.</exception>
    public static WorkflowTree Parse(string text, IWorkflowEffects host)
    {
        var (source, lines) = YamlReader.Read(text);
        var context = new ParseContext(host, lines);
        var tree = Document(source, context);
        return context.Problems.Count == 0 && tree is not null ? tree : throw new InvalidWorkflowException(context.Problems);
    }

    /// <summary>Parses a task that stands alone: a function of a catalog.</summary>
    /// <exception cref="InvalidWorkflowException">With every problem that was found.</exception>
    public static TaskNode ParseTask(JqValue definition, string name, string pointer, IWorkflowEffects host)
    {
        var context = new ParseContext(host, new Dictionary<string, int>(StringComparer.Ordinal));
        var task = TaskParser.Task(name, definition, pointer, context, VariableNames.Runtime, 0);
        return context.Problems.Count == 0 && task is not null ? task : throw new InvalidWorkflowException(context.Problems);
    }

    private static WorkflowTree? Document(JqValue source, ParseContext context)
    {
        if (ObjectReader.Open(source, "", context, "A workflow document") is not { } root) return null;
        Evaluate(root, context);
        if (root.Take("use") is { } use && ObjectReader.Open(use, "/use", context, "'use'") is not null) context.Use = use.AsObject();
        var variables = VariableNames.Runtime.WithSecrets(CommonParser.SecretNames(context));
        var (reference, title, summary) = Header(root, context);
        var settings = MetadataParser.Document(source["document"], context, variables);
        var reusables = Use(context, variables);
        var tasks = root.Require("do", "A workflow document") is { } list ? TaskParser.List(list, "/do", context, variables) : null;
        if (tasks is { Tasks.Length: 0 } && context.Problems.Count == 0) context.Add("/do", "A workflow has at least one task.", "Add one.");
        var tree = reference is null || tasks is null ? null : new WorkflowTree(reference, title, summary,
            CommonParser.Input(root, context, variables), CommonParser.Output(root, "output", context, variables), reusables, tasks,
            CommonParser.Timeout(root, context, variables), Schedule(root, context, variables), source) { Settings = settings };
        foreach (var name in new[] { "input", "output", "timeout", "schedule" }) root.Take(name);
        root.Close("A workflow document");
        return tree;
    }

    private static (WorkflowRef? Ref, string? Title, string? Summary) Header(ObjectReader root, ParseContext context)
    {
        if (root.Require("document", "A workflow document") is not { } value || ObjectReader.Open(value, "/document", context, "'document'") is not { } header) return default;
        var dsl = Matching(header, "dsl", Version(), "a semantic version of the language, such as 1.0.3", context);
        if (dsl is not null && !dsl.StartsWith("1.", StringComparison.Ordinal)) context.Add("/document/dsl", $"Version {dsl} of the language is not known here.", "Use 1.0.0 to 1.0.3.");
        var space = Matching(header, "namespace", Label(), "letters, digits and hyphens, at most 63", context);
        var name = Matching(header, "name", Label(), "letters, digits and hyphens, at most 63", context);
        var version = Matching(header, "version", Version(), "a semantic version, such as 1.0.0", context);
        var (title, summary) = (header.TakeText("title"), header.TakeText("summary"));
        foreach (var open in new[] { "tags", "metadata" })
        {
            if (header.Take(open) is { IsObject: false }) context.Add(header.At(open), $"'{open}' is an object.", "Write key and value pairs.");
        }
        header.Close("'document'");
        return (space is null || name is null || version is null ? null : new WorkflowRef(space, name, version), title, summary);
    }

    private static string? Matching(ObjectReader reader, string name, Regex pattern, string form, ParseContext context)
    {
        if (reader.RequireText(name, "'document'") is not { } text) return null;
        if (pattern.IsMatch(text)) return text;
        context.Add(reader.At(name), $"'{name}' is {form}, not '{text}'.", "Write it so.");
        return null;
    }

    private static void Evaluate(ObjectReader root, ParseContext context)
    {
        if (root.Take("evaluate") is not { } value || ObjectReader.Open(value, "/evaluate", context, "'evaluate'") is not { } reader) return;
        if (reader.TakeText("language") is { } language && language != "jq") context.Add("/evaluate/language", $"The expression language '{language}' is not known here.", "Use jq.");
        context.Loose = reader.TakeWord("mode", false, ("strict", false), ("loose", true));
        reader.Close("'evaluate'");
    }

    private static Reusables Use(ParseContext context, VariableNames variables)
    {
        var reader = ObjectReader.Open(context.Use, "/use", context, "'use'")!;
        foreach (var section in new[] { "authentications", "errors", "functions", "retries", "timeouts", "catalogs" })
        {
            if (reader.Take(section) is { IsObject: false }) context.Add(reader.At(section), $"'{section}' is an object of names.", "Write 'name:' for each, with its definition below.");
        }
        if (reader.Take("secrets") is { } secrets && (!secrets.TryGetArray(out var names) || names.Any(name => !name.IsString))) context.Add("/use/secrets", "'secrets' is a list of names.", "Write '- name' for each.");
        CheckReusables(context, variables);
        var functions = ImmutableDictionary.CreateBuilder<string, TaskNode>(StringComparer.Ordinal);
        foreach (var (name, definition) in context.Reusable("functions"))
        {
            if (TaskParser.Task(name, definition, $"/use/functions/{YamlReader.Escape(name)}", context, variables, 1) is not { } function) continue;
            TaskParser.RefuseJumps(function, "A function is one task: it cannot go on with another.", context);
            functions.Add(name, function);
        }
        var extensions = Extensions(reader, context, variables);
        reader.Close("'use'");
        return new Reusables(functions.ToImmutable(), extensions, [.. CommonParser.SecretNames(context)]);
    }

    /// <summary>Checks what is defined even where nothing refers to it.</summary>
    private static void CheckReusables(ParseContext context, VariableNames variables)
    {
        foreach (var (name, value) in context.Reusable("authentications"))
        {
            if (ObjectReader.Open(value, $"/use/authentications/{YamlReader.Escape(name)}", context, "An authentication") is { } policy) CommonParser.Policy(policy, context, variables);
        }
        foreach (var (name, value) in context.Reusable("errors")) FlowParser.Error(value, $"/use/errors/{YamlReader.Escape(name)}", context, variables);
        foreach (var (name, value) in context.Reusable("retries"))
        {
            if (ObjectReader.Open(value, $"/use/retries/{YamlReader.Escape(name)}", context, "A retry policy") is { } policy) RetryParser.Policy(policy, context, variables.With("error"));
        }
        foreach (var (name, value) in context.Reusable("timeouts"))
        {
            if (ObjectReader.Open(value, $"/use/timeouts/{YamlReader.Escape(name)}", context, "A timeout") is not { } timeout) continue;
            if (timeout.Require("after", "A timeout") is { } after) CommonParser.Duration(after, timeout.At("after"), context, variables);
            timeout.Close("A timeout");
        }
        foreach (var (name, value) in context.Reusable("catalogs"))
        {
            if (ObjectReader.Open(value, $"/use/catalogs/{YamlReader.Escape(name)}", context, "A catalog") is not { } catalog) continue;
            if (catalog.Require("endpoint", "A catalog") is { } endpoint) CommonParser.Endpoint(endpoint, catalog.At("endpoint"), context, variables);
            catalog.Close("A catalog");
        }
    }

    private static ImmutableArray<Extension> Extensions(ObjectReader use, ParseContext context, VariableNames variables)
    {
        if (use.Take("extensions") is not { } value) return [];
        if (!value.TryGetArray(out var items))
        {
            context.Add("/use/extensions", "'extensions' is a list.", "Write '- name:' for each, with its definition below.");
            return [];
        }
        var extensions = new List<Extension>();
        for (var i = 0; i < items.Count; i++)
        {
            if (!items[i].TryGetObject(out var item) || item.Count != 1)
            {
                context.Add($"/use/extensions/{i}", "An extension is an object with one key, its name.", "Write '- name:' and its definition below.");
                continue;
            }
            var (name, definition) = item.First();
            if (ObjectReader.Open(definition, $"/use/extensions/{i}/{YamlReader.Escape(name)}", context, "An extension") is not { } reader) continue;
            if (extensions.Exists(other => other.Name == name)) context.Add(reader.Pointer, $"Two extensions are named '{name}'.", "Give each its own name: what they do is recorded under it.");
            if (!reader.Has("extend")) context.Add(reader.Pointer, "An extension needs 'extend'.", "Name the kind of task, or all.");
            var extend = reader.TakeWord("extend", "all", ExtensionTargets);
            extensions.Add(new Extension(name, extend, CommonParser.Condition(reader, "when", context, variables), Tasks("before"), Tasks("after")));
            reader.Close("An extension");

            TaskList? Tasks(string when) => reader.Take(when) is { } list ? TaskParser.List(list, reader.At(when), context, variables, 1) : null;
        }
        return [.. extensions];
    }

    private static Schedule? Schedule(ObjectReader root, ParseContext context, VariableNames variables)
    {
        if (root.Take("schedule") is not { } value || ObjectReader.Open(value, "/schedule", context, "'schedule'") is not { } reader) return null;
        string[] kinds = ["every", "cron", "after", "on"];
        var present = kinds.Where(reader.Has).ToList();
        if (present.Count != 1) context.Add("/schedule", $"A schedule has exactly one of {string.Join(", ", kinds)}.", present.Count == 0 ? "Add one." : "Keep one; register another workflow for the other.");
        Schedule? schedule = null;
        if (Fixed("every") is { } interval) schedule = interval >= TimeSpan.FromSeconds(1) ? new Schedule.Every(interval) : Refuse("every", "'every' is one second or more.");
        if (Fixed("after") is { } delay) schedule = new Schedule.After(delay);
        if (reader.TakeText("cron") is { } cron) schedule = CronExpression.TryParse(cron, out var parsed, out var fault) ? new Schedule.Cron(parsed) : Refuse("cron", fault);
        if (reader.Has("read") && !reader.Has("on")) context.Add("/schedule/read", "'read' goes with 'on' only.", "Remove it.");
        if (reader.Take("on") is { } on) schedule = EventParser.Strategy(on, "/schedule/on", context, variables) is { } strategy ? new Schedule.On(strategy, reader.Has("read") ? EventParser.Read(reader) : null) : null;
        reader.Take("read");
        reader.Close("'schedule'");
        return schedule;

        TimeSpan? Fixed(string name)
        {
            if (reader.Take(name) is not { } duration) return null;
            if (Durations.TryRead(duration, out var span, out var fault)) return span;
            context.Add(reader.At(name), fault!, "Write { minutes: 5 } or PT5M.");
            return null;
        }

        Schedule? Refuse(string name, string rule)
        {
            context.Add(reader.At(name), rule, "Mend it.");
            return null;
        }
    }

    [GeneratedRegex(@"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    /// <summary>Semantic Versioning 2.0.0.</summary>
    [GeneratedRegex(@"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Version();
}
