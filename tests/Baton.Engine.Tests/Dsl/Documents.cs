using System.Text;
using Baton.Engine.Dsl;
using Baton.Engine.Tests.Support;
using Baton.Jq;

namespace Baton.Engine.Tests.Dsl;

/// <summary>Runs documents in a world of one machine.</summary>
internal static class Documents
{
    public const string Header = "document: { dsl: '1.0.3', namespace: test, name: doc, version: '1.0.0' }\n";

    /// <summary>Runs the tasks to their end; they stand below <c>do:</c> without the header.</summary>
    public static async Task<(RunState State, JqValue Output, WorkflowError? Error)> RunAsync(string rest, JqValue? input = null, FakeEffects? effects = null, World? world = null)
    {
        var definition = WorkflowDefinition.Parse(Header + rest, effects ?? new FakeEffects());
        var settled = await (world ?? new World()).RunAsync(definition.Body, input ?? JqValue.EmptyObject);
        return (settled.State, settled.Output.IsEmpty ? JqValue.Null : JqValue.Parse(settled.Output.Span, null), settled.Error);
    }

    /// <summary>The output of a run that must complete.</summary>
    public static async Task<JqValue> OutputAsync(string rest, string input = "{}", FakeEffects? effects = null, World? world = null)
    {
        var (state, output, error) = await RunAsync(rest, JqValue.Parse(input), effects, world);
        Assert.True(state == RunState.Completed, error?.ToString());
        return output;
    }

    /// <summary>The problems of a document that must be refused.</summary>
    public static IReadOnlyList<DslProblem> Problems(string text, FakeEffects? effects = null) =>
        Assert.Throws<InvalidWorkflowException>(() => WorkflowDefinition.Parse(text, effects ?? new FakeEffects())).Problems;

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
