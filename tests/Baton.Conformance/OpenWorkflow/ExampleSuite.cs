using Baton.Engine.Dsl;

namespace Baton.Conformance.OpenWorkflow;

/// <summary>The examples of the Open Workflow Specification: each must be accepted as a document.</summary>
public sealed class ExampleSuite : ISuite
{
    public string Name => "open-workflow-examples";

    public IReadOnlyList<CaseResult>? Run(string data)
    {
        var folder = Path.Combine(data, "open-workflow", "examples");
        return Directory.Exists(folder) ? RunAsync(folder).GetAwaiter().GetResult() : null;
    }

    private static async Task<IReadOnlyList<CaseResult>> RunAsync(string folder)
    {
        await using var kit = await Kit.StartAsync();
        return [.. Directory.EnumerateFiles(folder, "*.yaml").Order(StringComparer.Ordinal).Select(file => Check(kit, file))];
    }

    private static CaseResult Check(Kit kit, string file)
    {
        var name = Path.GetFileName(file);
        try
        {
            kit.Parse(File.ReadAllText(file));
            return new CaseResult(name, true);
        }
        catch (InvalidWorkflowException e)
        {
            return new CaseResult(name, false, string.Join('\n', e.Problems));
        }
    }
}
