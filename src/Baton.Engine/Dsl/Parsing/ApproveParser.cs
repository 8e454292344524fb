using System.Collections.Immutable;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Parsing;

/// <summary>Questions to a person: <c>call: approve</c>, and the <c>escalate</c> of an error policy.</summary>
internal static class ApproveParser
{
    /// <summary>What a person may do about an error.</summary>
    public static readonly ImmutableArray<string> ErrorChoices = ["retry", "skip", "fail", "value"];

    private const int MaxExpiries = 5;

    private const int MaxChoices = 20;

    public static TaskNode.CallApprove? Call(ObjectReader with, ParseContext context, VariableNames variables)
    {
        var title = with.Require("title", "'call: approve'") is { } text ? context.CompileText(text, with.At("title"), variables) : null;
        var choices = Choices(with, context);
        var rule = Rule(with, title, choices, context, variables);
        with.Close("'call: approve'");
        return title is null ? null : new TaskNode.CallApprove(rule);
    }

    public static ApproveRule Escalation(ObjectReader reader, ParseContext context, VariableNames variables) =>
        Rule(reader, reader.Take("title") is { } text ? context.CompileText(text, reader.At("title"), variables) : null, ErrorChoices, context, variables);

    private static ApproveRule Rule(ObjectReader reader, Template? title, ImmutableArray<string> choices, ParseContext context, VariableNames variables) => new(
        reader.Take("assignee") is { } assignee ? context.CompileText(assignee, reader.At("assignee"), variables) : null, title,
        reader.Take("message") is { } message ? context.CompileText(message, reader.At("message"), variables) : null, choices,
        Deadline(reader, context, variables),
        reader.TakeAny("data") is { } data ? context.CompileValue(data, reader.At("data"), variables) : null,
        Expiry(reader, choices, context, variables, 0));

    private static ImmutableArray<string> Choices(ObjectReader with, ParseContext context)
    {
        if (with.Take("choices") is not { } value) return ["approve", "reject"];
        if (value.TryGetArray(out var items) && items.Count is >= 1 and <= MaxChoices && items.All(item => item.TryGetString(out var text) && text.Length is >= 1 and <= 100) && items.Distinct().Count() == items.Count) return [.. items.Select(item => item.AsString())];
        context.Add(with.At("choices"), $"'choices' is a list of 1 to {MaxChoices} different texts of 1 to 100 characters.", "Write for example: choices: [approve, reject]");
        return [];
    }

    private static Template? Deadline(ObjectReader reader, ParseContext context, VariableNames variables) =>
        reader.Take("deadline") is { } deadline ? CommonParser.Duration(deadline, reader.At("deadline"), context, variables) : null;

    private static ExpiryRule Expiry(ObjectReader parent, ImmutableArray<string> choices, ParseContext context, VariableNames variables, int depth)
    {
        if (parent.Take("on_expiry") is not { } value) return new ExpiryRule.Fail();
        var pointer = parent.At("on_expiry");
        if (!parent.Has("deadline")) context.Add(pointer, "'on_expiry' goes with 'deadline': without one, nothing expires.", "Add 'deadline:', or remove 'on_expiry'.");
        if (value.TryGetString(out var word))
        {
            if (word == "skip") return new ExpiryRule.Skip();
            if (word != "fail") context.Add(pointer, $"'on_expiry' is fail, skip, {{ choice: … }} or {{ escalate: … }}, not '{word}'.", Nearest.Hint(word, ["fail", "skip"]));
            return new ExpiryRule.Fail();
        }
        ExpiryRule rule = new ExpiryRule.Fail();
        if (ObjectReader.Open(value, pointer, context, "'on_expiry'") is not { } reader) return rule;
        if (reader.Has("choice") == reader.Has("escalate")) context.Add(pointer, "'on_expiry' has either 'choice' or 'escalate'.", "Keep one; or write fail or skip.");
        if (reader.TakeText("choice") is { } choice)
        {
            if (!choices.Contains(choice, StringComparer.Ordinal) || choice == "value") context.Add(reader.At("choice"), $"'{choice}' is none of the choices that need no person.", Nearest.Hint(choice, choices.Where(one => one != "value")));
            rule = new ExpiryRule.Choose(choice);
        }
        if (reader.Take("escalate") is { } next && ObjectReader.Open(next, reader.At("escalate"), context, "'escalate'") is { } further)
        {
            if (depth >= MaxExpiries) context.Add(further.Pointer, $"An approval is handed on at most {MaxExpiries} times.", "End in fail, skip or a choice.");
            var assignee = further.Require("assignee", "'escalate'") is { } to ? context.CompileText(to, further.At("assignee"), variables) : Template.Of(JqValue.Null);
            rule = new ExpiryRule.Escalate(assignee, Deadline(further, context, variables), depth >= MaxExpiries ? new ExpiryRule.Fail() : Expiry(further, choices, context, variables, depth + 1));
            further.Close("'escalate'");
        }
        reader.Close("'on_expiry'");
        return rule;
    }
}
