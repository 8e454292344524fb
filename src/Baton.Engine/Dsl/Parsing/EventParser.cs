using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Tasks of events: emit and listen, and the strategies that schedules share.</summary>
internal static class EventParser
{
    private static readonly (string Word, EventPart Value)[] Parts = [("data", EventPart.Data), ("envelope", EventPart.Envelope), ("raw", EventPart.Raw)];

    public static TaskNode? Event(string kind, ObjectReader reader, ParseContext context, VariableNames variables, int depth) =>
        kind == "emit" ? Emit(reader, context, variables) : Listen(reader, context, variables, depth);

    private static TaskNode.Emit? Emit(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        if (ObjectReader.Open(reader.Take("emit") ?? default, reader.At("emit"), context, "'emit'") is not { } emit) return null;
        var definition = emit.Require("event", "'emit'");
        emit.Close("'emit'");
        if (definition is null || ObjectReader.Open(definition.Value, emit.At("event"), context, "'event'") is not { } one) return null;
        var with = one.Require("with", "'event'");
        one.Close("'event'");
        if (with is null) return null;
        if (!with.Value.TryGetObject(out var attributes) || !attributes.ContainsKey("type"))
        {
            context.Add(one.At("with"), "An emitted event needs 'type'.", "Write for example: type: com.example.order.placed.v1");
            return null;
        }
        CheckAttributes(attributes, one.At("with"), context);
        return new TaskNode.Emit(context.CompileValue(with.Value, one.At("with"), variables));
    }

    private static TaskNode.Listen? Listen(ObjectReader reader, ParseContext context, VariableNames variables, int depth)
    {
        if (ObjectReader.Open(reader.Take("listen") ?? default, reader.At("listen"), context, "'listen'") is not { } listen) return null;
        var strategy = listen.Require("to", "'listen'") is { } to ? Strategy(to, listen.At("to"), context, variables) : null;
        var read = Read(listen);
        listen.Close("'listen'");
        var loop = Loop(reader, context, variables, depth);
        return strategy is null ? null : new TaskNode.Listen(strategy, read, loop);
    }

    public static EventPart Read(ObjectReader reader) => reader.TakeWord("read", EventPart.Data, Parts);

    public static ListenStrategy? Strategy(JqValue value, string pointer, ParseContext context, VariableNames variables, bool isUntil = false)
    {
        if (ObjectReader.Open(value, pointer, context, "An event strategy") is not { } reader) return null;
        string[] kinds = ["one", "any", "all"];
        var present = kinds.Where(reader.Has).ToList();
        if (present.Count != 1)
        {
            context.Add(pointer, "An event strategy has exactly one of one, any, all.", present.Count == 0 ? "Add one." : "Keep one.");
            return null;
        }
        ListenStrategy? strategy = present[0] switch
        {
            "one" => Filter(reader.Take("one") ?? default, reader.At("one"), context, variables) is { } filter ? new ListenStrategy.One(filter) : null,
            "all" => new ListenStrategy.All(Filters(reader, "all", context, variables)),
            _ => Any(reader, context, variables, isUntil),
        };
        reader.Close("An event strategy");
        return strategy;
    }

    private static ListenStrategy.Any Any(ObjectReader reader, ParseContext context, VariableNames variables, bool isUntil)
    {
        var filters = Filters(reader, "any", context, variables);
        if (isUntil && reader.Has("until")) context.Add(reader.At("until"), "What ends a listening has no 'until' of its own.", "Remove it.");
        if (reader.Take("until") is not { } until) return new ListenStrategy.Any(filters, null, null);
        if (until.TryGetString(out var source)) return new ListenStrategy.Any(filters, context.Compile(source, reader.At("until"), variables), null);
        return new ListenStrategy.Any(filters, null, Strategy(until, reader.At("until"), context, variables, isUntil: true));
    }

    private static ImmutableArray<EventFilter> Filters(ObjectReader reader, string name, ParseContext context, VariableNames variables)
    {
        if (reader.Take(name) is not { } value || !value.TryGetArray(out var items))
        {
            context.Add(reader.At(name), $"'{name}' is a list of event filters.", "Write '- with:' and the attributes below.");
            return [];
        }
        var filters = ImmutableArray.CreateBuilder<EventFilter>();
        for (var i = 0; i < items.Count; i++)
        {
            if (Filter(items[i], $"{reader.At(name)}/{i}", context, variables) is { } filter) filters.Add(filter);
        }
        return filters.ToImmutable();
    }

    private static EventFilter? Filter(JqValue value, string pointer, ParseContext context, VariableNames variables)
    {
        if (ObjectReader.Open(value, pointer, context, "An event filter") is not { } reader) return null;
        var attributes = ImmutableArray.CreateBuilder<KeyValuePair<string, Template>>();
        if (reader.Require("with", "An event filter") is { } with)
        {
            if (!with.TryGetObject(out var wanted) || wanted.Count == 0) context.Add(reader.At("with"), "An event filter names at least one attribute.", "Write for example: type: com.example.order.placed.v1");
            else
            {
                CheckAttributes(wanted, reader.At("with"), context);
                foreach (var (name, attribute) in wanted) attributes.Add(KeyValuePair.Create(name, context.CompileValue(attribute, $"{reader.At("with")}/{YamlReader.Escape(name)}", variables)));
            }
        }
        var correlations = Correlations(reader, context, variables);
        reader.Close("An event filter");
        return new EventFilter(attributes.ToImmutable(), correlations);
    }

    /// <summary>What CloudEvents defines as text can be nothing else; attributes of others, and the data, can.</summary>
    private static void CheckAttributes(JqObject attributes, string pointer, ParseContext context)
    {
        foreach (var name in new[] { "id", "source", "type", "time", "subject", "datacontenttype", "dataschema" })
        {
            if (attributes.TryGetValue(name, out var value) && !value.IsString) context.Add($"{pointer}/{name}", $"An event's '{name}' is a text, not {ObjectReader.Describe(value)}.", value.IsNumber ? $"Quote it: \"{value}\"." : "Write a text.");
        }
    }

    private static ImmutableArray<Correlation> Correlations(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("correlate") is not { } value || ObjectReader.Open(value, parent.At("correlate"), context, "'correlate'") is not { } reader) return [];
        var correlations = ImmutableArray.CreateBuilder<Correlation>();
        foreach (var (name, _) in value.AsObject())
        {
            if (ObjectReader.Open(reader.Take(name) ?? default, reader.At(name), context, "A correlation") is not { } one) continue;
            var from = one.RequireText("from", "A correlation") is { } source ? context.Compile(source, one.At("from"), variables) : null;
            var expect = one.Take("expect") is { } wanted ? context.CompileValue(wanted, one.At("expect"), variables) : null;
            one.Close("A correlation");
            if (from is not null) correlations.Add(new Correlation(name, from, expect));
        }
        return correlations.ToImmutable();
    }

    private static EventLoop? Loop(ObjectReader parent, ParseContext context, VariableNames variables, int depth)
    {
        if (parent.Take("foreach") is not { } value || ObjectReader.Open(value, parent.At("foreach"), context, "'foreach'") is not { } reader) return null;
        var item = FlowParser.Name(reader, "item", "item", context);
        var at = FlowParser.Name(reader, "at", "index", context);
        var inner = variables.With(item, at);
        var loop = new EventLoop(item, at, reader.Take("do") is { } list ? TaskParser.List(list, reader.At("do"), context, inner, depth + 1) : null,
            CommonParser.Output(reader, "output", context, inner), CommonParser.Output(reader, "export", context, inner));
        reader.Close("'foreach'");
        return loop;
    }
}
