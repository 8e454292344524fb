using Baton.Conformance;
using Baton.Conformance.Jq;

namespace Baton.Jq.Tests;

/// <summary>jq's own test suite, read from beside the repository.</summary>
public sealed class ConformanceTests(ITestOutputHelper output)
{
    private const string Modules = "loads a module: programs stand by themselves";

    /// <summary>The cases that do not pass, each with the reason.</summary>
    private static readonly Dictionary<string, string> Refused = new(StringComparer.Ordinal)
    {
        ["""import "a" as foo; import "b" as bar; def fooa: foo::a; [fooa, bar::a, bar::b, foo::a]"""] = Modules,
        ["""import "c" as foo; [foo::a, foo::c]"""] = Modules,
        ["""include "c"; [a, c]"""] = Modules,
        ["""import "data" as $e; import "data" as $d; [$d[].this,$e[].that,$d::d[].this,$e::e[].that]|join(";")"""] = Modules,
        ["""import "data" as $a; import "data" as $b; def f: {$a, $b}; f"""] = Modules,
        ["""include "shadow1"; e"""] = Modules,
        ["""include "shadow1"; include "shadow2"; e"""] = Modules,
        ["""import "shadow1" as f; import "shadow2" as f; import "shadow1" as e; [e::e, f::e]"""] = Modules,
        ["""import "test_bind_order" as check; check::check"""] = Modules,
        ["""modulemeta"""] = "asks for a module's metadata",
        ["""modulemeta | .deps | length"""] = "asks for a module's metadata",
        ["""modulemeta | .defs | length"""] = "asks for a module's metadata",
    };

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
            .Where(result => result.Result.Passed == Refused.ContainsKey(result.Test.Program))
            .Select(result => result.Result.Passed
                ? $"passes now, take it off the list: {result.Test.Name}"
                : $"fails: {result.Test.Name}\n{result.Result.Detail}");
        Assert.Empty(surprises);
        Assert.Equal(Refused.Count, cases.Count(test => Refused.ContainsKey(test.Program)));
        Assert.True(passed >= 0.95 * cases.Count);
    }

    [Fact]
    public void The_machine_alone_gives_the_same_as_expression_trees()
    {
        foreach (var test in Cases().Where(test => !test.MustFail && !Refused.ContainsKey(test.Program)))
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
        Assert.SkipWhen(cases is null, $"jq's test suite is absent: there is no {ConformanceData.Folder}");
        return cases!;
    }
}
