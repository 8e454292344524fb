using System.Security.Cryptography;
using System.Text;
using Baton.Engine.Dsl.Documents;
using Baton.Engine.Dsl.Interpretation;
using Baton.Engine.Dsl.Parsing;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Engine.Dsl;

/// <summary>A workflow document that was checked and can be run. Immutable; one serves any number of runs at once.</summary>
public sealed class WorkflowDefinition
{
    private readonly JsonSchema? input;

    private WorkflowDefinition(WorkflowTree tree, string text, IWorkflowEffects host)
    {
        Ref = tree.Ref;
        Title = tree.Title;
        Summary = tree.Summary;
        Source = tree.Source;
        InputSchema = tree.Source["input"]["schema"]["document"] is { IsObject: true } schema ? schema : (JqValue?)null;
        input = tree.Input?.Schema?.Inline;
        Hash = HashOf(text);
        Schedule = tree.Schedule is null ? null : new WorkflowSchedule(tree.Schedule);
        CompensatesOnCancel = tree.Settings.CompensatesOnCancel;
        Priority = tree.Settings.Priority;
        Concurrency = tree.Settings.Concurrency is { } rule ? new ConcurrencyLimits(rule.Limit, rule.LimitPerKey, ConcurrencyKey.Reader(rule)) : null;
        Body = new Interpreter(tree, host).RunAsync;
    }

    public WorkflowRef Ref { get; }

    public string? Title { get; }

    /// <summary>Markdown.</summary>
    public string? Summary { get; }

    /// <summary>The document as data.</summary>
    public JqValue Source { get; }

    /// <summary>The JSON Schema of the input, where it stands in the document.</summary>
    public JqValue? InputSchema { get; }

    /// <summary>SHA-256 of the text, in hexadecimal digits.</summary>
    public string Hash { get; }

    /// <summary>What starts runs by itself; null for nothing.</summary>
    public WorkflowSchedule? Schedule { get; }

    /// <summary>Whether a cancelled run, too, undoes what its finished tasks did.</summary>
    public bool CompensatesOnCancel { get; }

    /// <summary>How many of its runs may be open at once; null for any number.</summary>
    public ConcurrencyLimits? Concurrency { get; }

    /// <summary>The priority of runs that are started without one: -100 to 100, higher goes first.</summary>
    public int Priority { get; }

    /// <summary>What a run executes.</summary>
    public WorkflowBody Body { get; }

    /// <summary>Checks an input before a run is stored: what is refused here would fail at once. Empty for one that fits.</summary>
    public IReadOnlyList<ValidationError> CheckInput(JqValue value) => input is null ? [] : input.Validate(value).Errors;

    /// <summary><see cref="Hash"/> of a document that need not be well formed.</summary>
    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Reads a document in YAML or JSON.</summary>
    /// <exception cref="InvalidWorkflowException">It breaks a rule; every problem is named with its place and its mend.</exception>
    public static WorkflowDefinition Parse(string text, IWorkflowEffects host) => new(DocumentParser.Parse(text, host), text, host);
}
