using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Policies;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>What stands under <c>metadata.baton</c>, ours, where the language leaves room. Metadata of others is left alone.</summary>
internal static class MetadataParser
{
    /// <summary>Read by others than the engine: by what finds a workflow by its type, and by what removes old runs.</summary>
    private static readonly string[] Foreign = ["types", "retention"];

    public static DocumentSettings Document(JqValue document, ParseContext context, VariableNames variables)
    {
        if (!document.IsObject || document["metadata"] is not { IsObject: true } metadata || Ours(metadata, "/document/metadata", context) is not { } reader) return new DocumentSettings();
        foreach (var name in Foreign) reader.TakeAny(name);
        var settings = new DocumentSettings
        {
            OnError = PolicyParser.OnError("workflow", reader, context, variables, depth: 0),
            CompensatesOnCancel = reader.TakeBoolean("compensate_on_cancel", false),
            Concurrency = Concurrency(reader, context),
            Priority = reader.TakeInteger("priority", -100, 100) ?? 0,
        };
        reader.Close("'metadata.baton' of a document");
        return settings;
    }

    private static ConcurrencyRule? Concurrency(ObjectReader parent, ParseContext context)
    {
        if (parent.Take("concurrency") is not { } value || ObjectReader.Open(value, parent.At("concurrency"), context, "'concurrency'") is not { } reader) return null;
        var (limit, perKey) = (reader.TakeInteger("limit", 1, ConcurrencyLimits.Most), reader.TakeInteger("limit_per_key", 1, ConcurrencyLimits.Most));
        var key = reader.TakeText("key") is { } text ? context.CompileValue(text, reader.At("key"), VariableNames.None) : null;
        if (!reader.Has("limit") && !reader.Has("limit_per_key")) context.Add(reader.Pointer, "'concurrency' sets no limit.", "Add 'limit: 10', or 'key' and 'limit_per_key'.");
        if (reader.Has("key") != reader.Has("limit_per_key")) context.Add(reader.Pointer, "'key' and 'limit_per_key' stand together.", reader.Has("key") ? "Add 'limit_per_key: 1'." : "Add 'key: ${ .customer }'.");
        if (key?.Constant is not null) context.Add(reader.At("key"), "'key' is the same for every run.", "Write an expression that reads the input, such as ${ .customer }, or leave it out and set 'limit'.");
        reader.Close("'concurrency'");
        return new ConcurrencyRule(limit, perKey, key);
    }

    public static (ImmutableArray<ErrorPolicy> OnError, TaskList? Compensate) Task(ObjectReader task, ParseContext context, VariableNames variables, int depth)
    {
        if (task.Take("metadata") is not { } metadata) return default;
        if (!metadata.IsObject)
        {
            context.Add(task.At("metadata"), "'metadata' is an object.", "Write key and value pairs.");
            return default;
        }
        if (Ours(metadata, task.At("metadata"), context) is not { } reader) return default;
        var (onError, compensate) = (PolicyParser.OnError("task", reader, context, variables, depth), Compensate(reader, context, variables, depth));
        reader.Close("'metadata.baton' of a task");
        return (onError, compensate);
    }

    private static ObjectReader? Ours(JqValue metadata, string pointer, ParseContext context) =>
        metadata.AsObject().TryGetValue("baton", out var ours) ? ObjectReader.Open(ours, $"{pointer}/baton", context, "'metadata.baton'") : null;

    /// <summary>Tasks that read what the finished one was given and gave as <c>$completed</c>.</summary>
    private static TaskList? Compensate(ObjectReader parent, ParseContext context, VariableNames variables, int depth)
    {
        if (parent.Take("compensate") is not { } value || ObjectReader.Open(value, parent.At("compensate"), context, "'compensate'") is not { } reader) return null;
        if (context.Maps > 0) context.Add(reader.Pointer, "Items of a map are not undone one by one.", "Move 'compensate' to the map itself: $completed.output has the outputs of all items.");
        var tasks = reader.Require("do", "'compensate'") is { } list ? TaskParser.List(list, reader.At("do"), context, variables.With("completed"), depth + 1) : null;
        reader.Close("'compensate'");
        return tasks;
    }
}
