using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>What a module of TypeScript or JavaScript exports, and the members of exported classes and interfaces.</summary>
internal static class TypeScriptNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;

    private static readonly Regex Declared = new(
        @"^\s*(?<export>export\s+)?(default\s+)?(declare\s+)?(abstract\s+)?(async\s+)?(?<kind>class|interface|enum|const\s+enum|type|function\s*\*?|const|let|var|namespace)\s+(?<name>[A-Za-z_$][\w$]*)", Options);

    private static readonly Regex ExportList = new(@"^\s*(export\s*(type\s*)?\{|module\.exports\s*=\s*\{)(?<names>[^}]*)", Options);
    private static readonly Regex ExportOne = new(@"^\s*(export\s+default|module\.exports\s*=|export\s*=)\s*(?<name>[A-Za-z_$][\w$]*)\s*;?\s*$", Options);
    private static readonly Regex ExportsMember = new(@"^\s*(module\.)?exports\.(?<name>[A-Za-z_$][\w$]*)\s*=", Options);
    private static readonly Regex Hidden = new(@"^\s*(private|protected|#|_)", Options);

    private static readonly Regex Method = new(
        @"^\s*(@\w+(\([^)]*\))?\s+)*((public|static|async|abstract|override|get|set|readonly)\s+)*\*?(?<name>[A-Za-z$][\w$]*)\??\s*(<[^>(]*>)?\s*\(", Options);

    private static readonly Regex Property = new(@"^\s*((public|static|abstract|override|readonly|declare)\s+)*(?<name>[A-Za-z$][\w$]*)[?!]?\s*(:|=[^=>]|;)", Options);
    private static readonly Regex EnumMember = new(@"^\s*(?<name>[A-Za-z$][\w$]*)\s*(=[^,]*)?,?\s*$", Options);
    private static readonly Regex NoMember = new(@"^\s*(if|for|while|switch|return|throw|await|new|case|default|catch|super|import|export|do|else|try|yield|delete|typeof)\b", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines)
    {
        // Exports may be listed after the declaration, hence two passes.
        var exported = Exported(lines);
        return BraceScopes.Scan(lines, (i, code, scopes) => scopes.IsLocal ? null : At(lines, i, code, scopes, exported));
    }

    private static HashSet<string> Exported(SourceLines lines)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < lines.Count; i++)
        {
            if (ExportList.IsMatch(lines.Code(i)) && ExportList.Match(lines.Statement(i, "}", withStrings: false)) is { Success: true } list)
            {
                foreach (var item in list.Groups["names"].Value.Split(',')) names.Add(item.Trim().Split(' ', ':')[0]);
            }
            if (ExportOne.Match(lines.Code(i)) is { Success: true } one) names.Add(one.Groups["name"].Value);
        }
        return names;
    }

    private static Declaration? At(SourceLines lines, int i, string code, BraceScopes scopes, HashSet<string> exported)
    {
        if (scopes.Container is { } container) return scopes.IsVisible ? MemberAt(lines, i, code, container, scopes.ContainerKind!) : null;
        if (ExportsMember.Match(code) is { Success: true } assigned) return new(assigned.Groups["name"].Value, null, NameKind.Function,
            lines.Statement(i, "{;\n"), i + 1);
        if (Declared.Match(code) is not { Success: true } declared) return null;
        var (name, kind) = (declared.Groups["name"].Value, declared.Groups["kind"].Value);
        var isVisible = declared.Groups["export"].Success || exported.Contains(name);
        if (kind is "class" or "interface" or "enum" or "const enum" || (kind == "type" && code.Contains('{', StringComparison.Ordinal)))
            scopes.Declare(name, kind == "const enum" ? "enum" : kind, isVisible);
        if (!isVisible) return null;
        var isFunction = kind.StartsWith("function", StringComparison.Ordinal)
            || (kind == "const" && lines.Statement(i, "{;").Contains("=>", StringComparison.Ordinal));
        var named = isFunction ? NameKind.Function : kind is "const" or "let" or "var" ? NameKind.Constant : NameKind.Type;
        return new(name, null, named, lines.Statement(i, kind == "type" ? ";\n" : "{;"), i + 1);
    }

    private static Declaration? MemberAt(SourceLines lines, int i, string code, string container, string kind)
    {
        if (Hidden.IsMatch(code) || NoMember.IsMatch(code)) return null;
        if (kind == "enum")
            return EnumMember.Match(code) is { Success: true } member ? new(member.Groups["name"].Value, container, NameKind.Constant,
                lines.Statement(i, ",\n"), i + 1) : null;
        if (Method.Match(code) is { Success: true } method)
        {
            var name = method.Groups["name"].Value;
            return name == "constructor"
                ? new(container, container, NameKind.Constructor, lines.Statement(i, "{;"), i + 1)
                : new(name, container, NameKind.Method, lines.Statement(i, "{;\n"), i + 1);
        }
        return Property.Match(code) is { Success: true } property
            ? new(property.Groups["name"].Value, container, NameKind.Property, lines.Statement(i, "=;\n"), i + 1)
            : null;
    }
}
