using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>What Rust declares with <c>pub</c>, methods of public traits and variants of public enums.</summary>
internal static class RustNames
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture;
    private const string Visible = @"^\s*(?<pub>pub(\s*\([^)]*\))?\s+)?";

    private static readonly Regex Item = new(
        Visible + @"((default|const|async|unsafe|extern(\s+""\s*"")?)\s+)*(?<kind>fn|struct|enum|trait|type|union|mod|static(\s+mut)?|const)\s+(?<name>[A-Za-z_]\w*)", Options);

    private static readonly Regex Implementation = new(@"^\s*(unsafe\s+)?impl\b", Options);
    private static readonly Regex ImplementedFor = new(@"\sfor\s+&?('\w+\s+)?(mut\s+)?(\w+::)*(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Implemented = new(@"impl\s*(<[^{]*>\s*)?(\w+::)*(?<name>[A-Za-z_]\w*)", Options);
    private static readonly Regex Field = new(@"^\s*pub(\s*\([^)]*\))?\s+(?<name>[a-z_]\w*)\s*:", Options);
    private static readonly Regex Variant = new(@"^\s*(?<name>[A-Z]\w*)\s*(\([^)]*\)|\{.*)?\s*(=[^,]*)?,?\s*$", Options);

    public static IEnumerable<Declaration> Find(SourceLines lines) => BraceScopes.Scan(lines, (i, code, scopes) => scopes.IsLocal ? null : At(lines, i, code, scopes));

    private static Declaration? At(SourceLines lines, int i, string code, BraceScopes scopes)
    {
        if (Implementation.IsMatch(code))
        {
            var isForTrait = ImplementedFor.Match(code);
            var owner = isForTrait.Success ? isForTrait : Implemented.Match(code);
            // Methods that a trait asks for are declared in the trait.
            if (owner.Success) scopes.Declare(owner.Groups["name"].Value, isForTrait.Success ? "impl for" : "impl", isVisible: true);
            return null;
        }
        var (container, around) = (scopes.Container, scopes.ContainerKind);
        if (Item.Match(code) is not { Success: true } item) return scopes.IsVisible ? PartAt(lines, i, code, container, around) : null;
        var (name, kind) = (item.Groups["name"].Value, item.Groups["kind"].Value);
        var isVisible = item.Groups["pub"].Success || around == "trait";
        var shown = isVisible && scopes.IsVisible && around != "impl for";
        if (kind == "mod") scopes.DeclareNamespace();
        if (kind is "struct" or "enum" or "trait" or "union") scopes.Declare(name, kind, isVisible);
        if (!shown || kind == "mod") return null;
        var named = kind switch
        {
            "fn" => container is null ? NameKind.Function : NameKind.Method,
            "const" or "static" or "static mut" => NameKind.Constant,
            _ => NameKind.Type,
        };
        return new(name, container, named, lines.Statement(i, "{;"), i + 1);
    }

    private static Declaration? PartAt(SourceLines lines, int i, string code, string? container, string? around)
    {
        if (container is null) return null;
        if (around == "enum") return Variant.Match(code) is { Success: true } variant
            ? new(variant.Groups["name"].Value, container, NameKind.Constant, lines.Statement(i, ",{\n"), i + 1) : null;
        return around is "struct" or "union" && Field.Match(code) is { Success: true } field
            ? new(field.Groups["name"].Value, container, NameKind.Property, lines.Statement(i, ",\n"), i + 1)
            : null;
    }
}
