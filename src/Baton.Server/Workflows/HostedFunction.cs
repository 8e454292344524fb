using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;

namespace Baton.Server.Workflows;

/// <summary>A function that documents may call by name, and the code behind it.</summary>
/// <param name="InvokeAsync">From evaluated arguments to output; performed as a step, so at least once.</param>
internal sealed record HostedFunction(WorkflowFunction Description, Func<JqValue, StepContext, Task<JqValue>> InvokeAsync);

/// <summary>The functions that a feature adds to the language.</summary>
internal sealed record HostedFunctions(IEnumerable<HostedFunction> All);
