using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Types and members of C# that other files can use: public, protected and internal ones, and what interfaces and enums declare.</summary>
internal static class CSharpNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const string Modifiers =
        @"^\s*(\[[^\]]*\]\s*)*(?<mods>((public|protected|internal|private|static|abstract|sealed|partial|readonly|ref|unsafe|file|new|virtual|override|async|extern|required|const|volatile|implicit|explicit)\s+)*)";

    private static readonly Regex Namespace = new(@"^\s*namespace\s+[\w.]+\s*(\{|$)", Options);
    private static readonly Regex Extension = new(@"^\s*extension\s*(<[^>]*>)?\s*\(", Options);
    private static readonly Regex Type = new(Modifiers + @"(?<kind>class|struct|interface|enum|record(\s+(struct|class))?)\s+(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Delegate = new(Modifiers + @"delegate\s+[\w<>\[\],.?\s]+\s(?<name>[A-Za-z_]\w*)\s*(<[^>]*>)?\s*\(", Options);
    private static readonly Regex Method = new(Modifiers + @"[\w<>\[\],.?:]+(\s*[\w<>\[\],.?:]+)*\s+(?<name>[A-Za-z_]\w*)\s*(<[^>(]*>)?\s*\(", Options);
    private static readonly Regex Constructor = new(Modifiers + @"(?<name>[A-Za-z_]\w*)\s*\(", Options);
    private static readonly Regex Property = new(Modifiers + @"[\w<>\[\],.?:()]+(\s*[\w<>\[\],.?:]+)*\s+(?<name>[A-Za-z_]\w*)\s*(\{|=>|=|;|$)", Options);
    private static readonly Regex EnumMember = new(@"^\s*(\[[^\]]*\]\s*)*(?<name>[A-Za-z_]\w*)\s*(=[^,]*)?,?\s*$", Options);
    private static readonly Regex NoMember = new(
        @"^\s*(return|throw|await|yield|using|if|else|for|foreach|while|switch|case|lock|var|new|goto|get|set|init|where|namespace|break|continue|default|base|this|fixed|event)\b", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines) => BraceScopes.Scan(lines, (i, code, scopes) => At(lines, i, code, scopes));

    private static Declaration? At(SourceLines lines, int i, string code, BraceScopes scopes)
    {
        if (Namespace.IsMatch(code))
        {
            scopes.DeclareNamespace();
            return null;
        }
        if (scopes.IsLocal) return null;
        if (Extension.IsMatch(code) && scopes.Container is { } extending)
        {
            scopes.Declare(extending, "class", isVisible: true);    // its members are used as members of the class around it
            return null;
        }
        if (Type.Match(code) is { Success: true } type)
        {
            var isVisible = IsVisible(type, byDefault: scopes.Container is null || scopes.ContainerKind == "interface");
            var declaration = isVisible && scopes.IsVisible
                ? new Declaration(type.Groups["name"].Value, scopes.Container, NameKind.Type, lines.Statement(i, "{;"), i + 1)
                : null;
            scopes.Declare(type.Groups["name"].Value, type.Groups["kind"].Value, isVisible);
            return declaration;
        }
        return scopes.IsVisible && !NoMember.IsMatch(code) ? MemberAt(lines, i, code, scopes) : null;
    }

    private static Declaration? MemberAt(SourceLines lines, int i, string code, BraceScopes scopes)
    {
        var container = scopes.Container;
        if (scopes.ContainerKind == "enum")
            return EnumMember.Match(code) is { Success: true } member ? new(member.Groups["name"].Value, container, NameKind.Constant,
                lines.Statement(i, ",\n"), i + 1) : null;
        var byDefault = scopes.ContainerKind == "interface";
        if (Delegate.Match(code) is { Success: true } handler)
            return IsVisible(handler, container is null || byDefault) ? new(handler.Groups["name"].Value, container, NameKind.Type,
                lines.Statement(i, ";"), i + 1) : null;
        if (container is null) return null;
        if (Constructor.Match(code) is { Success: true } made && made.Groups["name"].Value == container)
            return IsVisible(made, byDefault: false) ? new(container, container, NameKind.Constructor, lines.Statement(i, "{;:="), i + 1) : null;
        if (Method.Match(code) is { Success: true } method)
            return IsVisible(method, byDefault) ? new(method.Groups["name"].Value, container, NameKind.Method, lines.Statement(i, "{;="), i + 1) : null;
        if (Property.Match(code) is not { Success: true } property || !IsVisible(property, byDefault)) return null;
        var kind = property.Groups["mods"].Value.Contains("const", StringComparison.Ordinal) ? NameKind.Constant : NameKind.Property;
        return new(property.Groups["name"].Value, container, kind, lines.Statement(i, kind == NameKind.Constant ? ";" : "{;=\n"), i + 1);
    }

    private static bool IsVisible(Match match, bool byDefault)
    {
        var modifiers = match.Groups["mods"].Value;
        if (modifiers.Contains("public", StringComparison.Ordinal) || modifiers.Contains("protected", StringComparison.Ordinal)
            || modifiers.Contains("internal", StringComparison.Ordinal))
            return !modifiers.Contains("override", StringComparison.Ordinal);    // declared where it was first declared
        return byDefault && !modifiers.Contains("private", StringComparison.Ordinal) && !modifiers.Contains("file", StringComparison.Ordinal);
    }
}
