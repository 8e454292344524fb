using Baton.Conformance;
using Baton.Conformance.Jq;

namespace Baton.Jq.Tests;

/// <summary>jq's own test suite, read from beside the repository.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_case_passes_but_those_listed()
    {
        var cases = Cases();
        var results = cases.Select(test => (Test: test, Result: JqSuite.Run(test))).ToList();
        var passed = results.Count(result => result.Result.Passed);
        var refusals = cases.Where(test => test.MustFail).ToList();
        output.WriteLine($"{passed} of {cases.Count} cases pass");
        output.WriteLine($"{refusals.Count(JqSuite.MessageMatches)} of {refusals.Count} programs that must not compile are refused in jq's own words");

        var surprises = results
            .Where(result => result.Result.IsSurprise || result.Result.IsStale)
            .Select(result => result.Result.IsStale
                ? $"passes now, take it off the list: {result.Test.Name}"
                : $"fails: {result.Test.Name}\n{result.Result.Detail}");
        Assert.Empty(surprises);
        Assert.Equal(JqSuite.Refused.Count, cases.Count(test => JqSuite.Refused.ContainsKey(test.Program)));
        Assert.True(passed >= 0.95 * cases.Count);
    }

    [Fact]
    public void The_machine_alone_gives_the_same_as_expression_trees()
    {
        foreach (var test in Cases().Where(test => !test.MustFail && !JqSuite.Refused.ContainsKey(test.Program)))
        {
            var input = JqProgram.Compile("fromjson").RunSingle(test.Input);
            Assert.Equal(
                Programs.Outcome(JqProgram.Compile(test.Program), input, JqSuite.Limits),
                Programs.Outcome(JqProgram.CompileForMachine(test.Program), input, JqSuite.Limits));
        }
    }

    private static IReadOnlyList<JqCase> Cases()
    {
        var cases = JqSuite.Read(ConformanceData.Folder);
        Assert.SkipWhen(cases is null, ConformanceData.Absent("jq"));
        return cases!;
    }
}
