using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Exported names of Go: those that begin with a capital letter.</summary>
internal static class GoNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private static readonly Regex Function = new(@"^func\s+(\(\s*(\w+\s+)?\*?(?<owner>\w+)(\[[^\]]*\])?\s*\)\s*)?(?<name>\w+)\s*(\[[^\]]*\])?\s*\(", Options);
    private static readonly Regex Type = new(@"^(?<indent>\s*)type\s+(?<name>[A-Za-z_]\w*)(\[[^\]]*\])?\s+=?\s*(?<kind>\S+)", Options);
    private static readonly Regex Value = new(@"^(const|var)\s+(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Block = new(@"^(const|var)\s*\($", Options);
    private static readonly Regex BlockValue = new(@"^\s+(?<name>[A-Z]\w*)(\s*,\s*\w+)*(\s+[\w.\[\]*]+)?\s*(=.*)?$", Options);
    private static readonly Regex Field = new(@"^\s+(?<name>[A-Z]\w*)(\s*,\s*\w+)*\s+[\w.\[\]*(){}<]", Options);
    private static readonly Regex InterfaceMethod = new(@"^\s+(?<name>[A-Z]\w*)\s*\(", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines)
    {
        var scopes = new BraceScopes();
        var inBlock = false;
        for (var i = 0; i < lines.Count; i++)
        {
            var code = lines.Code(i).TrimEnd();
            if (inBlock && code.StartsWith(')')) inBlock = false;
            if (code.Length is > 0 and <= 500 && !scopes.IsLocal && At(lines, i, code, scopes, inBlock) is { } found) yield return found;
            if (Block.IsMatch(code)) inBlock = true;
            scopes.Read(code);
        }
    }

    private static Declaration? At(SourceLines lines, int i, string code, BraceScopes scopes, bool inBlock)
    {
        if (scopes.Container is { } container)
        {
            if (!scopes.IsVisible) return null;
            if (scopes.ContainerKind == "interface{" && InterfaceMethod.Match(code) is { Success: true } method)
                return new(method.Groups["name"].Value, container, NameKind.Method, lines.Statement(i, "\n"), i + 1);
            return Field.Match(code) is { Success: true } field ? new(field.Groups["name"].Value, container, NameKind.Property, lines.Statement(i, "\n`"),
                i + 1) : null;
        }
        if (inBlock) return BlockValue.Match(code) is { Success: true } item
            ? new(item.Groups["name"].Value, null, NameKind.Constant, lines.Statement(i, "\n"), i + 1) : null;
        if (Type.Match(code) is { Success: true } type)
        {
            var name = type.Groups["name"].Value;
            var kind = type.Groups["kind"].Value.StartsWith("interface", StringComparison.Ordinal) ? "interface{" : "struct";
            if (code.Contains('{', StringComparison.Ordinal)) scopes.Declare(name, kind, IsExported(name));
            return IsExported(name) ? new(name, null, NameKind.Type, lines.Statement(i, "{\n"), i + 1) : null;
        }
        if (Function.Match(code) is { Success: true } function)
        {
            var (name, owner) = (function.Groups["name"].Value, function.Groups["owner"]);
            if (!IsExported(name) || (owner.Success && !IsExported(owner.Value))) return null;
            return new(name, owner.Success ? owner.Value : null, owner.Success ? NameKind.Method : NameKind.Function, lines.Statement(i, "{\n"), i + 1);
        }
        return Value.Match(code) is { Success: true } value && IsExported(value.Groups["name"].Value)
            ? new(value.Groups["name"].Value, null, NameKind.Constant, lines.Statement(i, "\n"), i + 1)
            : null;
    }

    private static bool IsExported(string name) => char.IsAsciiLetterUpper(name[0]);
}
