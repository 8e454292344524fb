using System.Text.Json;
using Baton.Engine;

namespace Baton.Server.Tests.Workflows;

/// <summary>Waits for two signals, in this order, and gives back what they brought.</summary>
internal sealed class Signalled : IWorkflow<JsonElement, JsonElement[]>
{
    public static CodeWorkflow Workflow { get; } = CodeWorkflow.Of(new WorkflowRef("test", "signalled", "1.0.0"), () => new Signalled());

    public async Task<JsonElement[]> RunAsync(RunContext run, JsonElement input) => [await run.WaitForSignalAsync<JsonElement>("first"), await run.WaitForSignalAsync<JsonElement>("second")];
}
