using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Retry policies, in place or by name.</summary>
internal static class RetryParser
{
    public static RetryRule? Retry(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("retry") is not { } value) return null;
        var pointer = parent.At("retry");
        if (value.TryGetString(out var name))
        {
            if (!context.Reusable("retries").TryGetValue(name, out value))
            {
                context.Add(pointer, $"There is no retry policy '{name}' under use.retries.", Nearest.Hint(name, context.Reusable("retries").Keys));
                return null;
            }
            pointer = $"/use/retries/{YamlReader.Escape(name)}";
        }
        return ObjectReader.Open(value, pointer, context, "A retry policy") is { } reader ? Policy(reader, context, variables) : null;
    }

    public static RetryRule Policy(ObjectReader reader, ParseContext context, VariableNames variables)
    {
        var delay = reader.Take("delay") is { } d ? CommonParser.Duration(d, reader.At("delay"), context, variables) : null;
        var (attempts, attemptTimeout, total) = Limit(reader, context, variables);
        var (from, to) = Jitter(reader, context, variables);
        var rule = new RetryRule(CommonParser.Condition(reader, "when", context, variables), CommonParser.Condition(reader, "exceptWhen", context, variables),
            delay, Backoff(reader, context), attempts, attemptTimeout, total, from, to);
        reader.Close("A retry policy");
        return rule;
    }

    private static BackoffKind Backoff(ObjectReader parent, ParseContext context)
    {
        if (parent.Take("backoff") is not { } value || ObjectReader.Open(value, parent.At("backoff"), context, "'backoff'") is not { } reader) return BackoffKind.Constant;
        (string Name, BackoffKind Kind)[] kinds = [("constant", BackoffKind.Constant), ("linear", BackoffKind.Linear), ("exponential", BackoffKind.Exponential)];
        var present = kinds.Where(kind => reader.Has(kind.Name)).ToList();
        if (present.Count != 1) context.Add(reader.Pointer, "'backoff' has exactly one of constant, linear, exponential.", "Write for example: backoff: { exponential: {} }");
        foreach (var kind in kinds)
        {
            if (reader.Take(kind.Name) is { } settings && (!settings.IsObject || settings.AsObject().Count > 0)) context.Add(reader.At(kind.Name), $"'{kind.Name}' has no settings.", "Write {}.");
        }
        reader.Close("'backoff'");
        return present.Count > 0 ? present[0].Kind : BackoffKind.Constant;
    }

    private static (int? Attempts, Template? AttemptTimeout, Template? Total) Limit(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("limit") is not { } value || ObjectReader.Open(value, parent.At("limit"), context, "'limit'") is not { } reader) return default;
        int? attempts = null;
        Template? attemptTimeout = null;
        if (reader.Take("attempt") is { } a && ObjectReader.Open(a, reader.At("attempt"), context, "'attempt'") is { } attempt)
        {
            attempts = attempt.TakeInteger("count", 0, 1_000_000);
            attemptTimeout = attempt.Take("duration") is { } longest ? CommonParser.Duration(longest, attempt.At("duration"), context, variables) : null;
            attempt.Close("'attempt'");
        }
        var total = reader.Take("duration") is { } all ? CommonParser.Duration(all, reader.At("duration"), context, variables) : null;
        reader.Close("'limit'");
        return (attempts, attemptTimeout, total);
    }

    private static (Template? From, Template? To) Jitter(ObjectReader parent, ParseContext context, VariableNames variables)
    {
        if (parent.Take("jitter") is not { } value || ObjectReader.Open(value, parent.At("jitter"), context, "'jitter'") is not { } reader) return default;
        var from = reader.Require("from", "'jitter'") is { } f ? CommonParser.Duration(f, reader.At("from"), context, variables) : null;
        var to = reader.Require("to", "'jitter'") is { } t ? CommonParser.Duration(t, reader.At("to"), context, variables) : null;
        reader.Close("'jitter'");
        return (from, to);
    }
}
