using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>What users of a program see of it without reading its source: options of its command line, its HTTP routes, the variables it reads.</summary>
internal static class SurfaceNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const string Quote = @"[""'`]";

    // An option stands at the beginning of a string, alone or after its short form: "--since", "-s, --since <date>", "--since=".
    private static readonly Regex Flag = new(Quote + @"(-\w[,|]\s*)?(?<name>--[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*)(=|\s[^""'`]*)?" + Quote, Options);

    // Libraries that are given the bare name: Go's flag and pflag, clap's long.
    private static readonly Regex BareFlag = new(
        @"\b(flag|flags|fs|pflag|Flags\(\)|PersistentFlags\(\))\.(String|Bool|Int|Int64|Uint|Float64|Duration)(Slice|Array)?(Var)?P?\((&[\w.]+,\s*)?""(?<name>[a-z][a-z0-9]*(-[a-z0-9]+)*)"""
        + @"|\blong\s*=\s*""(?<name>[a-z][a-z0-9]*(-[a-z0-9]+)*)""|\.long\(""(?<name>[a-z][a-z0-9]*(-[a-z0-9]+)*)""", Options);

    private static readonly Regex Route = new(
        @"(\bMap(Get|Post|Put|Delete|Patch|Group|Hub|Methods)?|\.(get|post|put|delete|patch|all|route|add_url_rule|add_route|add_get|add_post|add_put|add_delete|websocket|HandleFunc|Handle|Get|Post|Put|Delete|Patch|Route|GET|POST|PUT|DELETE|PATCH)"
        + @"|@(Get|Post|Put|Delete|Patch|Request)Mapping|\[(Http(Get|Post|Put|Delete|Patch)|Route)|\b(path|re_path|route|url))\s*\(\s*(value\s*=\s*|path\s*=\s*)?[rf@$]?" + Quote + @"((GET|POST|PUT|DELETE|PATCH)\s+)?(?<name>/[^""'`\s]*)" + Quote
        + "|" + Quote + @"(GET|POST|PUT|DELETE|PATCH)\s+(?<name>/[^""'`\s]*)" + Quote
        + "|" + Quote + "(GET|POST|PUT|DELETE|PATCH)" + Quote + @"\s*,\s*[rf]?" + Quote + @"(?<name>/[^""'`\s]*)" + Quote, Options);

    private static readonly Regex Variable = new(
        @"(environ(\.get)?\s*[\[(]|getenv\s*\(|Getenv\s*\(|LookupEnv\s*\(|GetEnvironmentVariable\s*\(|env::var(_os)?\s*\(|env!\s*\(|process\.env\[)\s*"
            + Quote + "(?<name>[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)" + Quote
        + @"|process\.env\.(?<name>[A-Z][A-Z0-9]*(_[A-Z0-9]+)+)", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            var text = lines.Text(i);
            if (text.Length > 500) continue;
            foreach (var (kind, name) in NamesIn(text)) yield return new(name, null, kind, lines.Statement(StartOf(lines, i), "{;\n"), i + 1);
        }
    }

    private static IEnumerable<(NameKind Kind, string Name)> NamesIn(string text)
    {
        if (text.Contains("--", StringComparison.Ordinal))
            foreach (Match match in Flag.Matches(text)) yield return (NameKind.Flag, match.Groups["name"].Value);
        if (text.Contains("long", StringComparison.Ordinal) || text.Contains("lag", StringComparison.Ordinal) || text.Contains("fs.", StringComparison.Ordinal))
            foreach (Match match in BareFlag.Matches(text)) yield return (NameKind.Flag, "--" + match.Groups["name"].Value);
        if (text.Contains('/', StringComparison.Ordinal))
            foreach (Match match in Route.Matches(text))
                if (match.Groups["name"].Length > 1) yield return (NameKind.Route, match.Groups["name"].Value);
        if (text.Contains('_', StringComparison.Ordinal))
            foreach (Match match in Variable.Matches(text)) yield return (NameKind.Variable, match.Groups["name"].Value);
    }

    /// <summary>The line in which the call around this line begins, if the line is an argument on a line of its own.</summary>
    private static int StartOf(SourceLines lines, int index)
    {
        var depth = 0;
        for (var i = index; i >= Math.Max(0, index - 4); i--)
        {
            var code = lines.Code(i);
            for (var column = code.Length - 1; column >= 0; column--)
            {
                if (code[column] is ')' or ']' && i < index) depth++;
                else if (code[column] is '(' or '[' && depth-- <= 0) return i;
            }
        }
        return index;
    }
}
