using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Public and protected names of Java, and what public interfaces and enums declare.</summary>
internal static class JavaNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const string Modifiers =
        @"^\s*(@\w+(\([^)]*\))?\s+)*(?<mods>((public|protected|private|static|final|abstract|sealed|non-sealed|synchronized|native|default|transient|volatile|strictfp)\s+)*)";

    private static readonly Regex Type = new(Modifiers + @"(?<kind>class|interface|enum|record|@interface)\s+(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Method = new(Modifiers + @"(<[^>]*>\s*)?[\w<>\[\],.?]+(\s*[\w<>\[\],.?&]+)*\s+(?<name>[A-Za-z_]\w*)\s*\(", Options);
    private static readonly Regex Constructor = new(Modifiers + @"(?<name>[A-Z]\w*)\s*\(", Options);
    private static readonly Regex Field = new(Modifiers + @"[\w<>\[\],.?]+(\s*[\w<>\[\],.?]+)*\s+(?<name>[A-Za-z_]\w*)\s*(=|;)", Options);
    private static readonly Regex EnumMember = new(@"^\s*(?<name>[A-Z][A-Z0-9_]*)\s*(\([^)]*\))?\s*[,;{]?\s*$", Options);
    private static readonly Regex NoMember = new(@"^\s*(return|throw|if|else|for|while|switch|case|try|catch|new|import|package|do|assert|break|continue)\b", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines) => BraceScopes.Scan(lines, (i, code, scopes) => At(lines, i, code, scopes));

    private static Declaration? At(SourceLines lines, int i, string code, BraceScopes scopes)
    {
        if (scopes.IsLocal || NoMember.IsMatch(code)) return null;
        var byDefault = scopes.ContainerKind is "interface" or "@interface";
        if (Type.Match(code) is { Success: true } type)
        {
            var isVisible = IsVisible(type, byDefault);
            var (name, container) = (type.Groups["name"].Value, scopes.Container);
            var shown = isVisible && scopes.IsVisible;
            scopes.Declare(name, type.Groups["kind"].Value, isVisible);
            return shown ? new(name, container, NameKind.Type, lines.Statement(i, "{;"), i + 1) : null;
        }
        if (scopes.Container is not { } owner || !scopes.IsVisible) return null;
        if (scopes.ContainerKind == "enum" && EnumMember.Match(code) is { Success: true } constant)
            return new(constant.Groups["name"].Value, owner, NameKind.Constant, lines.Statement(i, ",;{\n"), i + 1);
        if (Constructor.Match(code) is { Success: true } made && made.Groups["name"].Value == owner)
            return IsVisible(made, byDefault: false) ? new(owner, owner, NameKind.Constructor, lines.Statement(i, "{;"), i + 1) : null;
        if (Method.Match(code) is { Success: true } method)
            return IsVisible(method, byDefault) ? new(method.Groups["name"].Value, owner, NameKind.Method, lines.Statement(i, "{;"), i + 1) : null;
        if (Field.Match(code) is not { Success: true } field || !IsVisible(field, byDefault)) return null;
        var kind = byDefault || field.Groups["mods"].Value.Contains("final", StringComparison.Ordinal) ? NameKind.Constant : NameKind.Property;
        return new(field.Groups["name"].Value, owner, kind, lines.Statement(i, ";"), i + 1);
    }

    private static bool IsVisible(Match match, bool byDefault)
    {
        var modifiers = match.Groups["mods"].Value;
        if (modifiers.Contains("public", StringComparison.Ordinal) || modifiers.Contains("protected", StringComparison.Ordinal)) return true;
        return byDefault && !modifiers.Contains("private", StringComparison.Ordinal);
    }
}
