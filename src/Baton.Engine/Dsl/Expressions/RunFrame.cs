using Baton.Jq;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>What expressions of one run share: descriptors, secrets, and the state that tasks change.</summary>
internal sealed class RunFrame
{
    private static readonly JqValue Runtime = JqValue.Object(("name", "baton"), ("version", typeof(RunFrame).Assembly.GetName().Version!.ToString(3)), ("metadata", JqValue.EmptyObject));

    private readonly Func<JqValue> describeWorkflow;
    private readonly Func<JqValue> readSecrets;
    private JqValue? workflow;

    /// <param name="readSecrets">Looked up at each use: a secret that was rotated counts at once, and none is kept.</param>
    public RunFrame(Func<JqValue> describeWorkflow, Func<JqValue> readSecrets, JqOptions options)
    {
        this.describeWorkflow = describeWorkflow;
        this.readSecrets = readSecrets;
        Options = options;
    }

    /// <summary>Limits and clock of the expressions.</summary>
    public JqOptions Options { get; }

    /// <summary>What tasks exported.</summary>
    public JqValue Context { get; set; } = JqValue.Null;

    /// <summary>Outputs of finished tasks, by name; of tasks that ran more than once, the newest.</summary>
    public JqValue Steps { get; set; } = JqValue.EmptyObject;

    /// <summary>A frame that begins as this one is, and changes alone.</summary>
    public RunFrame Fork(JqOptions options) => new(describeWorkflow, readSecrets, options) { Context = Context, Steps = Steps, workflow = workflow };

    public JqValue Find(string name) => name switch
    {
        "context" => Context,
        "steps" => Steps,
        "workflow" => workflow ??= describeWorkflow(),
        "runtime" => Runtime,
        "secrets" => readSecrets(),
        _ => JqValue.Null,
    };
}
