using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Module-level functions, classes, their methods and annotated attributes, and upper-case constants; a leading underscore hides a name.</summary>
internal static class PythonNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Type = new(@"^(?<indent>\s*)class\s+(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Function = new(@"^(?<indent>\s*)(async\s+)?def\s+(?<name>[A-Za-z_]\w*)\s*\(", Options);
    private static readonly Regex Constant = new(@"^(?<name>[A-Z][A-Z0-9_]+)\s*(:[^=]*)?=", Options);
    private static readonly Regex Attribute = new(@"^(?<indent>\s+)(?<name>[A-Za-z]\w*)\s*:\s*[A-Za-z""']", Options);
    private static readonly Regex EnumValue = new(@"^(?<indent>\s+)(?<name>[A-Z][A-Z0-9_]+)\s*=", Options);

    private sealed record Scope(string Name, int Indent, bool IsType, bool IsVisible);

    public static IEnumerable<Declaration> Find(SourceLines lines)
    {
        var scopes = new Stack<Scope>();
        var brackets = 0;
        for (var i = 0; i < lines.Count; i++)
        {
            var code = lines.Code(i).TrimEnd();
            if (code.Length == 0) continue;
            // A line inside open brackets continues the one before; its indentation says nothing.
            if (brackets == 0 && code.Length <= 500)
            {
                var indent = code.Length - code.TrimStart().Length;
                while (scopes.TryPeek(out var scope) && indent <= scope.Indent) scopes.Pop();
                if (At(lines, i, code, scopes) is { } found) yield return found;
            }
            brackets = Math.Max(0, brackets + code.Count(c => c is '(' or '[' or '{') - code.Count(c => c is ')' or ']' or '}'));
        }
    }

    private static Declaration? At(SourceLines lines, int i, string code, Stack<Scope> scopes)
    {
        scopes.TryPeek(out var outer);
        var isVisible = outer is null || outer is { IsType: true, IsVisible: true };
        if (Type.Match(code) is { Success: true } type)
        {
            var name = type.Groups["name"].Value;
            var shown = isVisible && IsPublic(name);
            scopes.Push(new(name, type.Groups["indent"].Length, IsType: true, shown));
            return shown ? new(name, outer?.Name, NameKind.Type, lines.Statement(i, ":"), i + 1) : null;
        }
        if (Function.Match(code) is { Success: true } function)
        {
            var name = function.Groups["name"].Value;
            scopes.Push(new(name, function.Groups["indent"].Length, IsType: false, IsVisible: false));
            if (!isVisible) return null;
            if (name == "__init__" && outer is not null) return new(outer.Name, outer.Name, NameKind.Constructor, lines.Statement(i, ":"), i + 1);
            return IsPublic(name) ? new(name, outer?.Name, outer is null ? NameKind.Function : NameKind.Method, lines.Statement(i, ":"), i + 1) : null;
        }
        if (!isVisible) return null;
        if (outer is null)
            return Constant.Match(code) is { Success: true } constant ? new(constant.Groups["name"].Value, null, NameKind.Constant,
                lines.Statement(i, "\n"), i + 1) : null;
        var value = EnumValue.Match(code);
        if (value.Success) return new(value.Groups["name"].Value, outer.Name, NameKind.Constant, lines.Statement(i, "\n"), i + 1);
        var attribute = Attribute.Match(code);
        return attribute.Success && IsPublic(attribute.Groups["name"].Value)
            ? new(attribute.Groups["name"].Value, outer.Name, NameKind.Property, lines.Statement(i, "\n"), i + 1)
            : null;
    }

    private static bool IsPublic(string name) => name[0] != '_';
}
