using System.Collections.Immutable;
using System.Diagnostics;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Tasks that steer: do, set, switch, for, fork, try, raise, wait.</summary>
internal static class FlowParser
{
    public static TaskNode? Flow(string kind, ObjectReader reader, ParseContext context, VariableNames variables, int depth) => kind switch
    {
        "do" => new TaskNode.Do(TaskParser.List(reader.Take("do") ?? default, reader.At("do"), context, variables, depth + 1)),
        "set" => Set(reader, context, variables),
        "switch" => Switch(reader, context, variables),
        "for" => For(reader, context, variables, depth),
        "fork" => Fork(reader, context, variables, depth),
        "try" => Try(reader, context, variables, depth),
        "raise" => Raise(reader, context, variables),
        "wait" => CommonParser.Duration(reader.Take("wait") ?? default, reader.At("wait"), context, variables) is { } duration ? new TaskNode.Wait(duration) : null,
        _ => throw new UnreachableException(),
    };

    private static TaskNode.Set? Set(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        var value = reader.Take("set") ?? default;
        if (value.IsString || value is { IsObject: true } && value.AsObject().Count > 0) return new TaskNode.Set(context.CompileValue(value, reader.At("set"), variables));
        context.Add(reader.At("set"), $"'set' is an object with at least one property, or an expression, not {ObjectReader.Describe(value)}.", "Write the properties to set below it.");
        return null;
    }

    private static TaskNode.Switch? Switch(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (reader.Take("switch") is not { } value || !value.TryGetArray(out var items) || items.Count == 0)
        {
            context.Add(reader.At("switch"), "'switch' is a list of at least one case.", "Write '- name:' with 'when:' and 'then:' below.");
            return null;
        }
        var cases = ImmutableArray.CreateBuilder<SwitchCase>(items.Count);
        for (var i = 0; i < items.Count; i++)
        {
            var pointer = $"{reader.At("switch")}/{i}";
            if (!items[i].TryGetObject(out var item) || item.Count != 1)
            {
                context.Add(pointer, "A case is an object with one key, its name.", "Write '- name:' with 'when:' and 'then:' below.");
                continue;
            }
            var (name, definition) = item.First();
            if (ObjectReader.Open(definition, $"{pointer}/{YamlReader.Escape(name)}", context, "A case") is not { } one) continue;
            var when = CommonParser.Condition(one, "when", context, variables);
            var isDefault = !one.Has("when");
            if (!one.Has("then")) context.Add(one.Pointer, "A case needs 'then'.", "Say where to go on: continue, exit, end, or a task.");
            var then = CommonParser.Then(one);
            one.Close("A case");
            if (isDefault && cases.Any(other => other.When is null)) context.Add(one.Pointer, "There can be one default case only.", "Add 'when:' to the others.");
            if (when is not null || isDefault) cases.Add(new SwitchCase(name, when, then));
        }
        return new TaskNode.Switch(cases.ToImmutable());
    }

    private static TaskNode.For? For(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        if (ObjectReader.Open(reader.Take("for") ?? default, reader.At("for"), context, "'for'") is not { } loop) return null;
        var each = Name(loop, "each", "item", context);
        var at = Name(loop, "at", "index", context);
        var items = Items(loop, "'for'", context, variables);
        loop.Close("'for'");
        var inner = variables.With(each, at);
        var condition = CommonParser.Condition(reader, "while", context, inner);
        var tasks = reader.Require("do", "A 'for' task") is { } list ? TaskParser.List(list, reader.At("do"), context, inner, depth + 1) : null;
        return items is null || tasks is null ? null : new TaskNode.For(each, at, items, condition, tasks);
    }

    /// <summary>What is iterated: an expression, or a list that stands here.</summary>
    public static Template? Items(ObjectReader reader, string what, ParseContext context, VariableNames variables)
    {
        if (reader.Require("in", what) is not { } value) return null;
        if (value.TryGetString(out var source)) return context.Compile(source, reader.At("in"), variables) is { } expression ? Template.Of(expression) : null;
        if (value.IsArray) return context.CompileValue(value, reader.At("in"), variables);
        context.Add(reader.At("in"), $"'in' is an expression or a list, not {ObjectReader.Describe(value)}.", "Write for example: in: .items");
        return null;
    }

    /// <summary>A variable's name, without the dollar.</summary>
    public static string Name(ObjectReader reader, string property, string otherwise, ParseContext context)
    {
        if (reader.TakeText(property) is not { } name) return otherwise;
        if (name.Length > 0 && (char.IsAsciiLetter(name[0]) || name[0] == '_') && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) return name;
        context.Add(reader.At(property), $"'{name}' cannot be a variable's name.", "Use letters, digits and _, beginning with a letter, without $.");
        return otherwise;
    }

    private static TaskNode.Fork? Fork(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        if (ObjectReader.Open(reader.Take("fork") ?? default, reader.At("fork"), context, "'fork'") is not { } fork) return null;
        var branches = fork.Require("branches", "'fork'") is { } list ? TaskParser.List(list, fork.At("branches"), context, variables, depth + 1) : null;
        var compete = fork.TakeBoolean("compete", false);
        fork.Close("'fork'");
        foreach (var branch in branches?.Tasks ?? []) TaskParser.RefuseJumps(branch, "The branches of a fork run at once: none can go on with another.", context);
        return branches is null ? null : new TaskNode.Fork(branches, compete);
    }

    private static TaskNode.Try? Try(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        var tasks = TaskParser.List(reader.Take("try") ?? default, reader.At("try"), context, variables, depth + 1);
        if (reader.Require("catch", "A 'try' task") is not { } value || ObjectReader.Open(value, reader.At("catch"), context, "'catch'") is not { } clause) return null;
        var name = Name(clause, "as", "error", context);
        var inner = variables.With(name);
        var caught = new Catch(Filter(clause, context), name, CommonParser.Condition(clause, "when", context, inner), CommonParser.Condition(clause, "exceptWhen", context, inner),
            RetryParser.Retry(clause, context, inner),
            clause.Take("do") is { } list ? TaskParser.List(list, clause.At("do"), context, inner, depth + 1) : null,
            CommonParser.Then(clause) is var then && clause.Has("then") ? then : null);
        clause.Close("'catch'");
        return new TaskNode.Try(tasks, caught);
    }

    private static ImmutableArray<KeyValuePair<string, JqValue>> Filter(ObjectReader clause, ParseContext context)
    {
        if (clause.Take("errors") is not { } value || ObjectReader.Open(value, clause.At("errors"), context, "'errors'") is not { } errors) return [];
        var filter = ImmutableArray.CreateBuilder<KeyValuePair<string, JqValue>>();
        if (errors.Take("with") is { } with && ObjectReader.Open(with, errors.At("with"), context, "'with'") is { } properties)
        {
            foreach (var name in new[] { "type", "status", "instance", "title", "detail" })
            {
                if (properties.Take(name) is not { } wanted) continue;
                if (name == "status" ? !wanted.IsNumber : !wanted.IsString) context.Add(properties.At(name), $"'{name}' is {(name == "status" ? "a number" : "a text")}, not {ObjectReader.Describe(wanted)}: it would match no error.", name == "status" ? "Write for example: status: 503" : "Write a text; expressions go into 'when'.");
                filter.Add(KeyValuePair.Create(name, wanted));
            }
            if (filter.Count == 0) context.Add(properties.Pointer, "An error filter names at least one property.", "Use type, status, instance, title or detail.");
            properties.Close("An error filter");
        }
        errors.Close("'errors'");
        return filter.ToImmutable();
    }

    private static TaskNode.Raise? Raise(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (ObjectReader.Open(reader.Take("raise") ?? default, reader.At("raise"), context, "'raise'") is not { } raise) return null;
        var (value, pointer) = (raise.Require("error", "'raise'"), raise.At("error"));
        raise.Close("'raise'");
        if (value is { } named && named.TryGetString(out var name))
        {
            if (!context.Reusable("errors").TryGetValue(name, out var reused))
            {
                context.Add(pointer, $"There is no error '{name}' under use.errors.", Nearest.Hint(name, context.Reusable("errors").Keys));
                return null;
            }
            (value, pointer) = (reused, $"/use/errors/{YamlReader.Escape(name)}");
        }
        return value is { } definition && Error(definition, pointer, context, variables) is { } error ? new TaskNode.Raise(error) : null;
    }

    public static ErrorRule? Error(JqValue definition, string pointer, ParseContext context, VariableNames variables)
    {
        if (ObjectReader.Open(definition, pointer, context, "An error") is not { } reader) return null;
        var rule = new ErrorRule(Value("type", required: true)!, Value("status", required: true)!, Value("title"), Value("detail"), Value("instance"));
        if (rule.Status.Constant is { } status && !(status.TryGetInt64(out var number) && number is >= 100 and <= 599)) context.Add(reader.At("status"), $"An error's status is an HTTP status, not {ObjectReader.Describe(status)}.", "Write a number from 100 to 599.");
        reader.Close("An error");
        return rule;

        Template? Value(string name, bool required = false)
        {
            var value = required ? reader.Require(name, "An error") : reader.Take(name);
            return value is null ? (required ? Template.Of(JqValue.Null) : null) : name == "status" ? context.CompileValue(value.Value, reader.At(name), variables) : context.CompileText(value.Value, reader.At(name), variables);
        }
    }
}
