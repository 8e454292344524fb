using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Where in a run tasks are executed: which part of it, and whether inside a single step.</summary>
/// <param name="Run">The part of the run that asks for what is durable.</param>
/// <param name="Step">Set while a map's item runs as one step: its one effect is performed directly, and only the item's result is recorded.</param>
/// <param name="IsExtension">Set inside an extension: <c>$task</c> is there the task that it extends, and nothing is extended again.</param>
/// <param name="Calls">How many functions of documents are being called around this.</param>
internal sealed record Flow(RunContext Run, StepContext? Step = null, bool IsExtension = false, int Calls = 0);

/// <summary>How a task or a list of tasks ended.</summary>
/// <param name="Ended">The workflow is to end with this output.</param>
/// <param name="Exited">The list was left by <c>exit</c>.</param>
/// <param name="Then">Where to go on, when the task itself decided that; else its <c>then</c> does.</param>
internal readonly record struct Result(JqValue Output, bool Ended = false, bool Exited = false, Documents.Directive? Then = null);

/// <summary>A task's place among the keys of its run; written only when something is recorded there.</summary>
internal readonly record struct Place(string List, int Index, string Name, int Visit)
{
    public override string ToString() => Visit == 0 ? $"{List}/{Index}/{Name}" : $"{List}/{Index}/{Name}#{Visit + 1}";
}
