using Baton.Conformance;
using Baton.Conformance.OpenWorkflow;
using Baton.Engine.Dsl.Parsing;
using Baton.Engine.Schema;
using Baton.Jq;

namespace Baton.Server.Tests.OpenWorkflow;

/// <summary>The Open Workflow Specification's own cases, and its schema, read from beside the repository.</summary>
public sealed class ConformanceTests
{
    private static readonly string Specification = Path.Combine(ConformanceData.Folder, "open-workflow");

    [Fact]
    public void Every_scenario_of_the_conformance_kit_passes() => PassesWhole(new KitSuite(), atLeast: 21);

    [Fact]
    public void Every_example_of_the_specification_is_accepted() => PassesWhole(new ExampleSuite(), atLeast: 60);

    public static TheoryData<string> Documents() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(ConformanceData.Root, "flows"), "*.yaml"),
        .. Directory.Exists(Specification) ? Directory.EnumerateFiles(Path.Combine(Specification, "examples"), "*.yaml") : [],
    ];

    /// <summary>Our own functions and metadata are spelled so that an editor with the official schema has nothing to complain of.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void A_document_is_valid_by_the_official_schema(string file)
    {
        Assert.SkipUnless(Directory.Exists(Specification), ConformanceData.Absent("open-workflow"));
        var result = OfficialSchema.Value.Validate(YamlReader.Read(File.ReadAllText(file)).Value);
        Assert.True(result.IsValid, $"{Path.GetFileName(file)}: {result}");
    }

    [Fact]
    public void The_official_schema_refuses_a_task_that_is_none()
    {
        Assert.SkipUnless(Directory.Exists(Specification), ConformanceData.Absent("open-workflow"));
        var document = YamlReader.Read("{document: {dsl: 1.0.3, namespace: a, name: b, version: 1.0.0}, do: [{a: {sett: {x: 1}}}]}").Value;
        Assert.False(OfficialSchema.Value.IsValid(document));
    }

    private static readonly Lazy<JsonSchema> OfficialSchema = new(() => JsonSchema.Compile(Schema()));

    private static JqValue Schema() => YamlReader.Read(File.ReadAllText(Path.Combine(Specification, "schema", "workflow.yaml"))).Value;

    private static void PassesWhole(ISuite suite, int atLeast)
    {
        var cases = suite.Run(ConformanceData.Folder);
        Assert.SkipWhen(cases is null, ConformanceData.Absent(suite.Name));
        Assert.Empty(cases.Where(one => !one.Passed).Select(one => $"{one.Name}: {one.Detail}"));
        Assert.True(cases.Count >= atLeast, $"only {cases.Count} cases were found");
    }
}
