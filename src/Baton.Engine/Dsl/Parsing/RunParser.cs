using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>The run task: shell, script, workflow; a container is kept, and refused when it is run.</summary>
internal static class RunParser
{
    private static readonly (string Word, ProcessReturn Value)[] Returns =
        [("stdout", ProcessReturn.Stdout), ("stderr", ProcessReturn.Stderr), ("code", ProcessReturn.Code), ("all", ProcessReturn.All), ("none", ProcessReturn.None)];

    public static TaskNode? Run(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (ObjectReader.Open(parent.Take("run") ?? default, parent.At("run"), context, "'run'") is not { } reader) return null;
        string[] kinds = ["container", "script", "shell", "workflow"];
        var present = kinds.Where(reader.Has).ToList();
        var isAwaited = reader.TakeBoolean("await", true);
        var result = reader.TakeWord("return", ProcessReturn.Stdout, Returns);
        if (present.Count != 1)
        {
            context.Add(reader.Pointer, $"'run' has exactly one of {string.Join(", ", kinds)}.", present.Count == 0 ? "Add one." : "Keep one.");
            return null;
        }
        var kind = present[0];
        var inner = ObjectReader.Open(reader.Take(kind) ?? default, reader.At(kind), context, $"'{kind}'");
        reader.Close("'run'");
        if (inner is null) return null;
        TaskNode? task = kind switch
        {
            "workflow" => Workflow(inner, context, variables, isAwaited, result == ProcessReturn.None, isCall: false),
            "container" => Container(inner, context, variables),
            _ => new TaskNode.RunProcess(Process(kind, inner, context, variables) with { Return = result, Await = isAwaited }),
        };
        inner.Close($"'{kind}'");
        return task;
    }

    public static TaskNode.RunWorkflow? Workflow(ObjectReader reader, ParseContext context, VariableNames variables, bool isAwaited, bool returnsNothing, bool isCall)
    {
        var name = reader.Require("name", "A workflow to run") is { } n ? context.CompileText(n, reader.At("name"), variables) : null;
        var space = (isCall ? reader.Take("namespace") : reader.Require("namespace", "A workflow to run")) is { } s ? context.CompileText(s, reader.At("namespace"), variables) : null;
        var version = reader.Take("version") is { } v ? context.CompileText(v, reader.At("version"), variables) : Template.Of("latest");
        var input = reader.TakeAny("input") is { } i ? context.CompileValue(i, reader.At("input"), variables) : null;
        return name is null || (space is null && !isCall) ? null : new TaskNode.RunWorkflow(space ?? Template.Of(JqValue.Null), name, version, input, isAwaited, returnsNothing, isCall);
    }

    private static ProcessRule Process(string kind, ObjectReader reader, ParseContext context, VariableNames variables)
    {
        Template? language = null, code;
        Endpoint? source = null;
        if (kind == "shell") code = Value("command", "'shell'");
        else
        {
            language = Value("language", "'script'");
            if (reader.Has("code") == reader.Has("source")) context.Add(reader.Pointer, "A script has either 'code' or 'source'.", "Write the script below 'code: |'.");
            code = reader.Take("code") is { } text ? context.CompileText(text, reader.At("code"), variables) : null;
            source = reader.Has("source") ? CommonParser.Resource(reader, "source", "A script", context, variables) : null;
            if (language?.Constant is { } word && word.ToString() is not ("\"js\"" or "\"javascript\"" or "\"python\"")) context.Add(reader.At("language"), $"A script's language is js or python, not {word}.", "Use one of them.");
        }
        return new ProcessRule(language, code, source, Value("stdin"), Arguments(reader, context, variables), Value("environment"), ProcessReturn.Stdout, true);

        Template? Value(string name, string? requiredBy = null)
        {
            var value = requiredBy is null ? reader.Take(name) : reader.Require(name, requiredBy);
            return value is null ? null : name switch
            {
                "environment" => context.CompileObject(value.Value, reader.At(name), variables),
                "stdin" => context.CompileValue(value.Value, reader.At(name), variables),   // anything: what is no text is written as JSON
                _ => context.CompileText(value.Value, reader.At(name), variables),
            };
        }
    }

    private static ImmutableArray<Template> Arguments(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (reader.Take("arguments") is not { } value) return [];
        if (value.TryGetArray(out var items)) return [.. items.Select((item, i) => context.CompileValue(item, $"{reader.At("arguments")}/{i}", variables))];
        context.Add(reader.At("arguments"), "'arguments' is a list of texts.", "Write '- value' for each.");
        return [];
    }

    private static TaskNode.Unsupported Container(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        reader.RequireText("image", "A container");
        foreach (var name in new[] { "name", "command", "stdin" }) reader.TakeText(name);
        foreach (var name in new[] { "ports", "volumes", "environment" }) reader.Take(name);
        Arguments(reader, context, variables);
        reader.TakeWord("pullPolicy", 0, ("ifNotPresent", 0), ("always", 1), ("never", 2));
        if (reader.Take("lifetime") is { } value && ObjectReader.Open(value, reader.At("lifetime"), context, "'lifetime'") is { } lifetime)
        {
            lifetime.TakeWord("cleanup", 0, ("always", 0), ("never", 1), ("eventually", 2));
            if (lifetime.Take("after") is { } after) CommonParser.Duration(after, lifetime.At("after"), context, variables);
            lifetime.Close("'lifetime'");
        }
        return new TaskNode.Unsupported("run: container", IsCall: false);
    }
}
