using Baton.Conformance;
using Baton.Conformance.JsonSchema;

namespace Baton.Engine.Tests.Schema;

/// <summary>
/// Runs the official suite, which stands beside the repository. The listed cases need documents of the suite's remote host that are not
/// in the folder; <see cref="RemoteTests"/> tries the same things with documents of our own.
/// </summary>
public sealed class SuiteTests
{
    [Fact]
    public void The_official_suite_passes_but_for_the_cases_whose_documents_are_not_there()
    {
        var cases = JsonSchemaSuite.Read(ConformanceData.Folder);
        Assert.SkipWhen(cases is null, ConformanceData.Absent(JsonSchemaSuite.SuiteName));

        Assert.True(cases.Count > 1_000, $"only {cases.Count} cases were found");
        Assert.Empty(cases.Where(one => one.IsSurprise).Select(one => $"fails: {one.Name}: {one.Detail}"));
        Assert.Empty(cases.Where(one => one.IsStale).Select(one => $"passes by now, strike it from the list: {one.Name}"));
        Assert.All(cases.Where(one => !one.Passed), one => Assert.Contains(Path.GetFileName(MissingDocuments.ByCase[one.Name]), one.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public void The_list_of_missing_documents_names_cases_that_there_are()
    {
        var cases = JsonSchemaSuite.Read(ConformanceData.Folder);
        Assert.SkipWhen(cases is null, ConformanceData.Absent(JsonSchemaSuite.SuiteName));

        Assert.Empty(MissingDocuments.ByCase.Keys.Except(cases.Select(one => one.Name), StringComparer.Ordinal));
    }
}
