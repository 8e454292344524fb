using System.Buffers;
using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Expressions;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Decides which events a strategy consumes, and when it has enough. The same events in the same order lead to the same decisions.</summary>
internal sealed class EventMatcher(ListenStrategy strategy, JqValue input, Scope scope, string pointer)
{
    private static readonly SearchValues<char> PatternCharacters = SearchValues.Create("^$*+?()[]{}|\\");
    private static readonly TimeSpan RegexTime = TimeSpan.FromSeconds(1);

    private readonly EventMatcher? until = strategy is ListenStrategy.Any { UntilStrategy: { } ending } ? new EventMatcher(ending, input, scope, pointer) : null;
    private readonly List<EventFilter> open = [.. FiltersOf(strategy)];
    private readonly Dictionary<string, JqValue> expected = new(StringComparer.Ordinal);

    public bool IsSatisfied { get; private set; }

    /// <summary>What storage must keep for this listener: by type and source where these are plain texts.</summary>
    public ImmutableArray<EventSubscription> Subscriptions
    {
        get
        {
            var wanted = FiltersOf(strategy).Select(filter => new EventSubscription(Plain(filter, "type"), Plain(filter, "source"))).ToList();
            if (strategy is ListenStrategy.Any { Filters.IsEmpty: true }) wanted.Add(new EventSubscription(null, null));
            return [.. wanted.Concat(until?.Subscriptions ?? []).Distinct()];
        }
    }

    /// <summary>Whether the event counts for anything here.</summary>
    public bool Wants(ReadOnlyMemory<byte> json)
    {
        var received = JqValue.Parse(json.Span, Payloads.Trusted);
        return (until?.WantsEvent(received) ?? false) || WantsEvent(received);
    }

    /// <summary>Takes an event that is wanted.</summary>
    /// <returns>False when it counted for the end of the listening only.</returns>
    public bool Consume(JqValue received)
    {
        if (until is not null && until.WantsEvent(received))
        {
            until.Consume(received);
            IsSatisfied = until.IsSatisfied;
            return false;
        }
        if (Find(received) is { } filter)
        {
            foreach (var correlation in filter.Correlations) expected.TryAdd(correlation.Name, correlation.From.Evaluate(received, scope, pointer));
            if (strategy is ListenStrategy.All) open.Remove(filter);
        }
        IsSatisfied = strategy switch
        {
            ListenStrategy.One => true,
            ListenStrategy.All => open.Count == 0,
            ListenStrategy.Any any => any.UntilCondition is null && any.UntilStrategy is null,
            _ => true,
        };
        return true;
    }

    /// <summary>Looks at the condition that ends the listening, over what was consumed so far.</summary>
    public void Check(JqArray consumed)
    {
        if (strategy is ListenStrategy.Any { UntilCondition: { } condition }) IsSatisfied = condition.Evaluate(consumed, scope, pointer).IsTruthy;
    }

    /// <summary>What of an event a workflow reads.</summary>
    public static JqValue Part(JqValue received, EventPart part) => part switch
    {
        EventPart.Envelope => received,
        EventPart.Raw => received["data_base64"] is { IsString: true } bytes ? bytes : received["data"].TryGetString(out var text) ? text : received["data"].ToJson(),
        _ => received["data"],
    };

    private bool WantsEvent(JqValue received) => strategy is ListenStrategy.Any { Filters.IsEmpty: true } || Find(received) is not null;

    private EventFilter? Find(JqValue received) => open.Find(filter => Fits(filter, received));

    private bool Fits(EventFilter filter, JqValue received)
    {
        try
        {
            return filter.Attributes.All(attribute => Fits(attribute.Key, attribute.Value, received)) && filter.Correlations.All(correlation => Correlates(correlation, received));
        }
        catch (WorkflowException)
        {
            return false;   // a filter that cannot be evaluated on an event does not fit it
        }
    }

    private bool Fits(string name, Template wanted, JqValue received)
    {
        var found = received[name];
        if (wanted.Constant is { } constant) return Same(constant, found);
        var value = wanted.Evaluate(name == "data" ? found : received, scope, pointer);
        return value.IsBoolean ? value.IsTruthy : Same(value, found);
    }

    /// <summary>Texts are equal or match as a whole regular expression; an object fits when all that it names fits.</summary>
    private static bool Same(JqValue wanted, JqValue found)
    {
        if (wanted.TryGetString(out var pattern) && found.TryGetString(out var text)) return pattern == text || (IsPattern(pattern) && Regex.IsMatch(text, $"^(?:{pattern})$", RegexOptions.CultureInvariant, RegexTime));
        if (wanted.TryGetObject(out var members) && found.IsObject) return members.All(member => Same(member.Value, found[member.Key]));
        return wanted == found;
    }

    private bool Correlates(Correlation correlation, JqValue received)
    {
        var value = correlation.From.Evaluate(received, scope, pointer);
        if (value.IsNull) return false;
        if (correlation.Expect is { } expect) return value == expect.Evaluate(input, scope, pointer);
        return !expected.TryGetValue(correlation.Name, out var first) || first == value;
    }

    private static ImmutableArray<EventFilter> FiltersOf(ListenStrategy strategy) => strategy switch
    {
        ListenStrategy.One one => [one.Filter],
        ListenStrategy.All all => all.Filters,
        ListenStrategy.Any any => any.Filters,
        _ => [],
    };

    private static string? Plain(EventFilter filter, string attribute) =>
        filter.Attributes.FirstOrDefault(pair => pair.Key == attribute).Value?.Constant is { IsString: true } text && !IsPattern(text.AsString()) ? text.AsString() : null;

    private static bool IsPattern(string text) => text.AsSpan().ContainsAny(PatternCharacters);
}
