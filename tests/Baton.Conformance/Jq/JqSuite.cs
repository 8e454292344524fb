using System.Text;
using Baton.Jq;

namespace Baton.Conformance.Jq;

/// <summary>jq's own tests: groups of a program, an input and its outputs, or a program that must not compile and the message for it.</summary>
public sealed class JqSuite : ISuite
{
    private const string Modules = "loads a module: programs stand by themselves";
    private const string Metadata = "asks for a module's metadata: programs stand by themselves";

    /// <summary>The programs that do not pass, each with the reason.</summary>
    public static IReadOnlyDictionary<string, string> Refused { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
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
        ["modulemeta"] = Metadata,
        ["modulemeta | .deps | length"] = Metadata,
        ["modulemeta | .defs | length"] = Metadata,
    };

    /// <summary>jq's tests compute more than an expression should; some of them count days by the ten thousand.</summary>
    public static JqLimits Limits { get; } = new(Steps: 100_000_000);

    /// <inheritdoc/>
    public string Name => "jq";

    /// <inheritdoc/>
    public IReadOnlyList<CaseResult>? Run(string data)
    {
        var cases = Read(data);
        return cases is null ? null : [.. cases.Select(Run)];
    }

    /// <summary>The cases of <c>jq/jq.test</c>; null when it is absent.</summary>
    public static IReadOnlyList<JqCase>? Read(string data)
    {
        var file = Path.Combine(data, "jq", "jq.test");
        return File.Exists(file) ? [.. Groups(File.ReadAllText(file, Encoding.UTF8).Split('\n')).Select(Parse)] : null;
    }

    /// <summary>Runs one case. Never throws.</summary>
    public static CaseResult Run(JqCase test)
    {
        var known = Refused.GetValueOrDefault(test.Program);
        try
        {
            return (test.MustFail ? RunFailing(test) : RunProgram(test)) with { Known = known };
        }
        catch (Exception error) when (error is JqSyntaxException or JqException or JqLimitException or JqParseException)
        {
            return new CaseResult(test.Name, false, $"{error.GetType().Name}: {error.Message}", known);
        }
    }

    /// <summary>Whether a program that must not compile is refused for the reason that jq gives.</summary>
    public static bool MessageMatches(JqCase test)
    {
        const string prefix = "jq: error: ";
        return test.MustFail
            && !JqProgram.TryCompile(test.Program, [], out _, out var error)
            && test.Message?.StartsWith(prefix + error.Reason, StringComparison.Ordinal) == true;
    }

    private static CaseResult RunFailing(JqCase test) => JqProgram.TryCompile(test.Program, [], out _, out _)
        ? new CaseResult(test.Name, false, "The program must not compile, but it does.")
        : new CaseResult(test.Name, true);

    private static CaseResult RunProgram(JqCase test)
    {
        var program = JqProgram.Compile(test.Program);
        var input = Value(test.Input);
        using var outputs = program.Run(input, [], Limits).GetEnumerator();
        foreach (var expected in test.Outputs)
        {
            var wanted = Value(expected);
            if (!outputs.MoveNext()) return new CaseResult(test.Name, false, $"expected {expected}\nbut there are no more outputs");
            if (!AreEqual(outputs.Current, wanted)) return new CaseResult(test.Name, false, $"expected {expected}\nactual   {outputs.Current}");
        }
        try
        {
            return outputs.MoveNext()
                ? new CaseResult(test.Name, false, $"expected no more outputs\nactual   {outputs.Current}")
                : new CaseResult(test.Name, true);
        }
        catch (JqException)
        {
            return new CaseResult(test.Name, true);   // as in jq, the outputs may end in an error
        }
    }

    // The data is written as jq reads it: with NaN, infinity and a byte order mark.
    private static JqValue Value(string text) => JqProgram.Compile("fromjson").RunSingle(text);

    private static bool AreEqual(JqValue actual, JqValue expected) =>
        JqProgram.Compile(". == $expected", "expected").RunSingle(actual, [expected]).IsTruthy;

    private static IEnumerable<(int Line, List<string> Lines)> Groups(string[] lines)
    {
        var group = new List<string>();
        var start = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            if (line.Length > 0 && line[0] == '#') continue;
            if (line.Trim().Length == 0)
            {
                if (group.Count > 0) yield return (start, group);
                group = [];
                continue;
            }
            if (group.Count == 0) start = i + 1;
            group.Add(line);
        }
        if (group.Count > 0) yield return (start, group);
    }

    private static JqCase Parse((int Line, List<string> Lines) group)
    {
        var (line, lines) = group;
        if (lines[0].StartsWith("%%FAIL", StringComparison.Ordinal))
        {
            return new JqCase(line + 1, lines[1], "", [], MustFail: true, Message: string.Join('\n', lines.Skip(2)));
        }
        return new JqCase(line, lines[0], lines[1], lines[2..], MustFail: false, Message: null);
    }
}

/// <summary>One case of jq's tests.</summary>
/// <param name="Line">Line of the program in the file, from 1.</param>
/// <param name="Program">The program.</param>
/// <param name="Input">Its input, as JSON.</param>
/// <param name="Outputs">The expected outputs, as JSON.</param>
/// <param name="MustFail">Whether the program must not compile.</param>
/// <param name="Message">jq's message for that.</param>
public sealed record JqCase(int Line, string Program, string Input, IReadOnlyList<string> Outputs, bool MustFail, string? Message)
{
    /// <summary>Line and program.</summary>
    public string Name => $"{Line}: {Program}";
}
