using System.Security.Cryptography;
using System.Text;
using Baton.Engine.Policies;
using Baton.Jq;

namespace Baton.Engine.Dsl.Interpretation;

/// <summary>Where in a run tasks are executed: which part of it, and whether inside a single step.</summary>
/// <param name="Run">The part of the run that asks for what is durable.</param>
/// <param name="Step">Set while a map's item runs as one step: its one effect is performed directly, and only the item's result is recorded.</param>
/// <param name="IsExtension">Set inside an extension: <c>$task</c> is there the task that it extends, and nothing is extended again.</param>
/// <param name="Calls">How many functions of documents are being called around this.</param>
/// <param name="IsCompensation">Set while finished tasks are undone: other policies apply, and nothing is registered to be undone.</param>
/// <param name="Policy">The policy over the one task that is executed; null for none.</param>
internal sealed record Flow(RunContext Run, StepContext? Step = null, bool IsExtension = false, int Calls = 0, bool IsCompensation = false, EffectivePolicy? Policy = null);

/// <summary>How a task or a list of tasks ended.</summary>
/// <param name="Ended">The workflow is to end with this output.</param>
/// <param name="Exited">The list was left by <c>exit</c>.</param>
/// <param name="Then">Where to go on, when the task itself decided that; else its <c>then</c> does.</param>
/// <param name="IsFinal">The output stands in for the task's, and is not transformed as its own would be.</param>
internal readonly record struct Result(JqValue Output, bool Ended = false, bool Exited = false, Documents.Directive? Then = null, bool IsFinal = false);

/// <summary>A task's place among the keys of its run; written only when something is recorded there.</summary>
/// <param name="Round">How often the whole task was begun again by an error policy.</param>
internal readonly record struct Place(string List, int Index, string Name, int Visit, int Round = 0)
{
    /// <summary>Longest path that stands in a key as it is. Name and what is added fit besides it into <see cref="StepKey.MaxLength"/>.</summary>
    private const int MaxPath = 240;

    private const int Kept = 120;

    public override string ToString() => $"{Path}/{Index}/{Name}{(Visit == 0 ? "" : $"#{Visit + 1}")}{(Round == 0 ? "" : $"~again{Round}")}";

    /// <summary>Tasks may be nested deeper, and be named longer, than a key has room for: then a hash stands for the rest of the path.</summary>
    private string Path => List.Length <= MaxPath ? List
        : $"{List.AsSpan(0, char.IsHighSurrogate(List[Kept - 1]) ? Kept - 1 : Kept)}~{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(List)).AsSpan(0, 16))}";
}
