using System.Collections.Immutable;
using Baton.Engine.Dsl.Expressions;
using Baton.Engine.Policies;
using Baton.Jq;

namespace Baton.Engine.Dsl.Documents;

/// <summary>One task: a closed set, one for each task of the language.</summary>
internal abstract record TaskNode
{
    private TaskNode() { }

    public string Name { get; init; } = "";

    /// <summary>JSON pointer of the task, such as <c>/do/0/getPet</c>: its reference in errors and descriptors.</summary>
    public string Pointer { get; init; } = "";

    /// <summary>The task as data.</summary>
    public JqValue Definition { get; init; }

    public Expression? If { get; init; }

    public InputRule? Input { get; init; }

    public OutputRule? Output { get; init; }

    public OutputRule? Export { get; init; }

    /// <summary>Gives a duration.</summary>
    public Template? Timeout { get; init; }

    public Directive Then { get; init; } = Directive.Continue;

    /// <summary>The error policies that stand at the task, the nearest first; default for none.</summary>
    public ImmutableArray<ErrorPolicy> OnError { get; init; }

    /// <summary>What undoes the task once it is finished, should the run have to be undone.</summary>
    public TaskList? Compensate { get; init; }

    /// <summary>The word that extensions know the kind by.</summary>
    public abstract string Kind { get; }

    public sealed record Do(TaskList Tasks) : TaskNode
    {
        public override string Kind => "composite";
    }

    public sealed record Set(Template Value) : TaskNode
    {
        public override string Kind => "set";
    }

    public sealed record Switch(ImmutableArray<SwitchCase> Cases) : TaskNode
    {
        public override string Kind => "switch";
    }

    public sealed record For(string Each, string At, Template In, Expression? While, TaskList Tasks) : TaskNode
    {
        public override string Kind => "for";
    }

    public sealed record Fork(TaskList Branches, bool Compete) : TaskNode
    {
        public override string Kind => "composite";
    }

    public sealed record Try(TaskList Tasks, Catch Catch) : TaskNode
    {
        public override string Kind => "try";
    }

    public sealed record Raise(ErrorRule Error) : TaskNode
    {
        public override string Kind => "raise";
    }

    public sealed record Wait(Template Duration) : TaskNode
    {
        public override string Kind => "wait";
    }

    public sealed record Emit(Template Event) : TaskNode
    {
        public override string Kind => "emit";
    }

    public sealed record Listen(ListenStrategy To, EventPart Read, EventLoop? ForEach) : TaskNode
    {
        public override string Kind => "listen";
    }

    public sealed record CallHttp(HttpRule Http) : TaskNode
    {
        public override string Kind => "call";
    }

    public sealed record CallOpenApi(Endpoint Document, Template OperationId, Template? Parameters, Template? Format, bool AcceptRedirects, AuthenticationRule? Authentication) : TaskNode
    {
        public override string Kind => "call";
    }

    /// <summary>A function of the host.</summary>
    public sealed record CallFunction(string Function, Template Arguments) : TaskNode
    {
        public override string Kind => "call";
    }

    /// <summary>A task of <c>use.functions</c>, whose input the arguments are.</summary>
    public sealed record CallReusable(string Function, Template Arguments) : TaskNode
    {
        public override string Kind => "call";
    }

    /// <summary>A function that stands elsewhere: at a URL, or in a catalog.</summary>
    public sealed record CallExternal(Endpoint Document, Template Arguments) : TaskNode
    {
        public override string Kind => "call";
    }

    public sealed record CallMap(MapRule Map) : TaskNode
    {
        public override string Kind => "call";
    }

    public sealed record CallAggregate(AggregateRule Aggregate) : TaskNode
    {
        public override string Kind => "call";
    }

    /// <summary>Asks a person and waits for the answer.</summary>
    public sealed record CallApprove(ApproveRule Approve) : TaskNode
    {
        public override string Kind => "call";
    }

    public sealed record RunProcess(ProcessRule Process) : TaskNode
    {
        public override string Kind => "run";
    }

    /// <summary>Another run: <c>run: workflow</c> and <c>call: workflow</c>.</summary>
    public sealed record RunWorkflow(Template Namespace, Template WorkflowName, Template Version, Template? Argument, bool Await, bool ReturnNothing, bool IsCall) : TaskNode
    {
        public override string Kind => IsCall ? "call" : "run";
    }

    /// <summary>In the language, but not in this server: refused when it is run, so that the document can be kept and shown.</summary>
    public sealed record Unsupported(string What, bool IsCall) : TaskNode
    {
        public override string Kind => IsCall ? "call" : "run";
    }
}

/// <summary>Where the flow goes after a task.</summary>
internal abstract record Directive
{
    private Directive() { }

    public static readonly Directive Continue = new Next();
    public static readonly Directive Exit = new Leave();
    public static readonly Directive End = new Stop();

    public sealed record Next : Directive;

    /// <summary>Leaves the list of tasks.</summary>
    public sealed record Leave : Directive;

    /// <summary>Ends the workflow.</summary>
    public sealed record Stop : Directive;

    /// <summary>Goes on with a task of the same list.</summary>
    public sealed record Jump(string Task) : Directive;
}
