using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Tasks that wait or speak: wait, emit, listen.</summary>
internal sealed partial class Interpreter
{
    private static async ValueTask<Result> WaitAsync(TaskNode.Wait wait, Place place, JqValue input, Scope scope, Flow flow)
    {
        await flow.Run.SleepAsync($"{place}", Duration(wait.Duration, input, scope, wait.Pointer));
        return new Result(input);
    }

    private async ValueTask<Result> EmitAsync(TaskNode.Emit emit, Place place, JqValue input, Scope scope, Flow flow)
    {
        var with = emit.Event.Evaluate(input, scope, emit.Pointer).AsObject();
        var attributes = new JqObject.Builder();
        attributes["specversion"] = "1.0";
        attributes["id"] = flow.Run.NewId().ToString();
        attributes["source"] = $"/{tree.Ref.Namespace}/{tree.Ref.Name}/{tree.Ref.Version}";
        attributes["time"] = Descriptors.Iso(flow.Run.Now);
        foreach (var (name, value) in with) attributes[name] = value;
        JqValue published = attributes.ToObject();
        if (!published["type"].TryGetString(out var type) || type.Length == 0) throw Fault(ErrorTypes.Expression, 400, "Not an event", "The event's 'type' gave no text.", emit.Pointer);
        await flow.Run.EmitAsync($"{place}", published.ToUtf8Bytes());
        return new Result(published);
    }

    private async ValueTask<Result> ListenAsync(TaskNode.Listen listen, Place place, JqValue input, Scope scope, Flow flow)
    {
        var matcher = new EventMatcher(listen.To, input, scope, listen.Pointer);
        var listener = await flow.Run.ListenAsync($"{place}", matcher.Subscriptions);
        var consumed = JqArray.Empty;
        for (var index = 0; !matcher.IsSatisfied;)
        {
            var received = JqValue.Parse((await listener.NextAsync(matcher.Wants)).Span, Payloads.Trusted);
            if (!matcher.Consume(received)) continue;   // it counted for 'until', and is not part of the output
            var part = EventMatcher.Part(received, listen.Read);
            if (listen.ForEach is { } loop)
            {
                var result = await EventAsync(loop, part, index, $"{place}/foreach[{index}]", scope, flow, listen.Pointer);
                if (result.Ended) return await CloseAsync(result);
                part = result.Output;
            }
            consumed = consumed.Add(part);
            index++;
            matcher.Check(consumed);
        }
        return await CloseAsync(new Result(consumed));

        async ValueTask<Result> CloseAsync(Result result)
        {
            await listener.CloseAsync();
            return result;
        }
    }

    private async ValueTask<Result> EventAsync(EventLoop loop, JqValue item, int index, string path, Scope scope, Flow flow, string pointer)
    {
        var inner = scope.With(loop.Item, item).With(loop.At, index);
        var result = loop.Do is null ? new Result(item) : await NestedAsync(loop.Do, $"{path}/do", item, inner, flow);
        if (result.Ended) return result;
        var output = loop.Output?.As?.Evaluate(result.Output, inner, pointer) ?? result.Output;
        await ValidateAsync(loop.Output?.Schema, output, flow, $"{path}~output", pointer, "The output of an event");
        if (loop.Export is not null) await ExportAsync(loop.Export, output, inner.With("output", output), flow, $"{path}~export", pointer);
        return new Result(output);
    }
}
