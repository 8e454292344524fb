using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Where tests begin in a file, by the marks of common test frameworks.</summary>
internal static class TestNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Python = new(@"^\s*(async\s+)?def\s+(?<name>test\w*)\s*\(", Options);
    private static readonly Regex Go = new(@"^func\s+(\([^)]*\)\s*)?(?<name>(Test|Benchmark|Fuzz)\w*)\s*\(", Options);
    private static readonly Regex Script = new(@"^\s*(it|test|specify|scenario)(\.(each|only|concurrent)(\([^)]*\))?)?\s*\(\s*[""'`](?<name>[^""'`]{1,200})", Options);
    private static readonly Regex Marked = new(@"(\[\s*(Fact|Theory|Property|Test|TestMethod|TestCase|DataTestMethod)\b|@(Test|ParameterizedTest|RepeatedTest|Property)\b|#\[\s*([\w:]+::)?test\b|#\[\s*rstest\b)", Options);
    private static readonly Regex Method = new(@"[\s>](?<name>[A-Za-z_]\w*)\s*(<[^>(]*>)?\s*\(", Options);

    public static IEnumerable<(string Name, int Line)> Find(string language, string source)
    {
        var lines = SourceLines.Read(source, language);
        var isMarked = false;
        for (var i = 0; i < lines.Count; i++)
        {
            var text = lines.Text(i);
            if (text.Length > 500) continue;
            var direct = language switch
            {
                Languages.Python => Python,
                Languages.Go => Go,
                Languages.TypeScript or Languages.JavaScript => Script,
                _ => null,
            };
            if (direct is not null)
            {
                if (direct.Match(text) is { Success: true } match) yield return (match.Groups["name"].Value, i + 1);
                continue;
            }
            // In C#, Java and Rust an attribute marks the method that follows it, on the same line or below.
            var code = lines.Code(i);
            var mark = Marked.Match(code);
            isMarked |= mark.Success;
            if (!isMarked) continue;
            var after = mark.Success ? code[(mark.Index + mark.Length)..] : code;
            if (after.TrimStart() is ['[' or '@' or '#' or '(' or ']', ..] && !after.Contains(" void ", StringComparison.Ordinal)
                && !after.Contains("fn ", StringComparison.Ordinal) && !after.Contains("Task ", StringComparison.Ordinal)) continue;
            if (Method.Match(after) is not { Success: true } method) continue;
            isMarked = false;
            yield return (method.Groups["name"].Value, i + 1);
        }
    }
}
