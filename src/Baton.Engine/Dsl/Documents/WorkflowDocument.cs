using System.Collections.Immutable;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Policies;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Dsl.Documents;

/// <summary>A workflow document, parsed and checked: an immutable tree that an interpreter walks.</summary>
/// <param name="Source">The document as data, for <c>$workflow.definition</c>.</param>
internal sealed record WorkflowTree(WorkflowRef Ref, string? Title, string? Summary, InputRule? Input, OutputRule? Output, Reusables Use, TaskList Do, Template? Timeout, Schedule? Schedule, JqValue Source)
{
    public DocumentSettings Settings { get; init; } = new();
}

/// <summary>What stands under <c>document.metadata.baton</c>.</summary>
internal sealed record DocumentSettings
{
    /// <summary>The error policies of the document, the nearest first; default for none.</summary>
    public ImmutableArray<ErrorPolicy> OnError { get; init; }

    /// <summary>Whether a cancelled run, too, undoes what its finished tasks did.</summary>
    public bool CompensatesOnCancel { get; init; }

    /// <summary>How many runs of the workflow may be open at once; null for any number.</summary>
    public ConcurrencyRule? Concurrency { get; init; }

    /// <summary>Of runs that are started without one; -100 to 100.</summary>
    public int Priority { get; init; }
}

/// <summary>What stands under <c>metadata.baton.concurrency</c>.</summary>
/// <param name="Key">Of the workflow's input; null when only the workflow itself is limited.</param>
internal sealed record ConcurrencyRule(int? Limit, int? LimitPerKey, Template? Key);

/// <summary>What tasks refer to by name.</summary>
internal sealed record Reusables(
    ImmutableDictionary<string, TaskNode> Functions,
    ImmutableArray<Extension> Extensions,
    ImmutableArray<string> Secrets);

/// <param name="Pointer">Of the list, such as <c>/do</c>.</param>
internal sealed record TaskList(string Pointer, ImmutableArray<TaskNode> Tasks)
{
    public int IndexOf(string name)
    {
        for (var i = 0; i < Tasks.Length; i++)
        {
            if (Tasks[i].Name == name) return i;
        }
        return -1;
    }
}

/// <summary>A schema in the document, or the address of one.</summary>
internal sealed record SchemaRule(JsonSchema? Inline, Endpoint? Resource);

internal sealed record InputRule(SchemaRule? Schema, Template? From);

internal sealed record OutputRule(SchemaRule? Schema, Template? As);

/// <param name="Extend">The kind of task: call, composite, emit, for, listen, raise, run, set, switch, try, wait, all.</param>
internal sealed record Extension(string Name, string Extend, Expression? When, TaskList? Before, TaskList? After);

/// <summary>An address with its authentication.</summary>
internal sealed record Endpoint(Template Uri, bool IsUriTemplate, AuthenticationRule? Authentication);

/// <summary>How a call authenticates: values that may be expressions, or the name of a secret that holds them.</summary>
/// <param name="Scheme">basic, bearer, digest, oauth2 or oidc.</param>
/// <param name="Secret">The secret that holds the properties as a JSON object, if they do not stand here.</param>
internal sealed record AuthenticationRule(string Scheme, Template? Properties, string? Secret);

/// <summary>What starts runs of the workflow by itself.</summary>
internal abstract record Schedule
{
    private Schedule() { }

    public sealed record Every(TimeSpan Interval) : Schedule;

    public sealed record Cron(CronExpression Expression) : Schedule;

    public sealed record After(TimeSpan Delay) : Schedule;

    /// <param name="Read">Null for whole events: what the specification's examples read when it is not set.</param>
    public sealed record On(ListenStrategy Strategy, EventPart? Read) : Schedule;
}
