using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>What a file is for, by the conventions of its path. Contents are not read: a path is known for every file of a repository.</summary>
internal static class FileKinds
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;

    private static readonly Regex Generated = new(
        @"(^|/)(node_modules|vendor|third_party|bower_components|__snapshots__|\.yarn)/"
        + @"|(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|cargo\.lock|go\.sum|poetry\.lock|pipfile\.lock|uv\.lock|gemfile\.lock|composer\.lock|packages\.lock\.json|project\.assets\.json)$"
        + @"|\.(min\.js|min\.css|map|g\.cs|designer\.cs|pb\.go|snap)$|_pb2(_grpc)?\.py$|\.generated\.[a-z]+$", Options);

    private static readonly Regex Test = new(
        @"(^|/)(tests?|__tests__|e2e|src/test)/|(^|/)spec/.*\.(rb|[jt]sx?)$"
        + @"|(^|/)[^/]+\.[a-z]*tests?/"
        + @"|(^|/)(test_[^/]*\.py|conftest\.py|[^/]*_test\.(py|go|rs)|[^/]*_spec\.rb|[^/]*[.-](test|spec)\.[cm]?[jt]sx?)$", Options);

    // Case matters: "Contest.cs" is no test.
    private static readonly Regex TestType = new(@"(^|/)[^/]*(Tests?|Spec|IT)\.(cs|java|kt)$|(^|/)Test[A-Z][^/]*\.java$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    private static readonly Regex DocsFolder = new(@"(^|/)(docs?|documentation|manual|guides?|wiki|man)/", Options);
    private static readonly Regex DocsText = new(@"(^|/)(readme|install|usage|contributing|getting[-_]started|faq|upgrading|hacking)(\.txt)?$", Options);

    private static readonly Regex Config = new(
        @"(^|/)(appsettings[^/]*\.json|application[^/]*\.(ya?ml|properties)|\.env(\.[a-z]+)?|[^/]*(config|settings|defaults)[^/]*\.(json|jsonc|ya?ml|toml|ini|properties|conf|xml))$"
        + @"|(^|/)(config|conf|settings)/[^/]+\.(json|jsonc|ya?ml|toml|ini|properties|conf)$|\.(ini|conf|properties)$", Options);

    // Settings of the tools around a product, not of the product.
    private static readonly Regex ToolConfig = new(
        @"(^|/)(tsconfig[^/]*|jsconfig[^/]*|[^/]*eslint[^/]*|prettier[^/]*|jest\.config[^/]*|babel\.config[^/]*|\.editorconfig|nuget\.config|web\.config|setup\.cfg|tox\.ini|pytest\.ini|mypy\.ini|gradle\.properties|launchsettings\.json|codecov\.ya?ml|mkdocs\.ya?ml)(\.[a-z]+)?$"
        + @"|(^|/)\.(github|gitlab|circleci|vscode|idea)/", Options);

    private static readonly FrozenSet<string> Prose = FrozenSet.ToFrozenSet([".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc"],
        StringComparer.OrdinalIgnoreCase);

    private static readonly FrozenSet<string> OtherCode = FrozenSet.ToFrozenSet(
        [
            ".c", ".h", ".cc", ".cpp", ".hpp", ".cxx", ".m", ".mm", ".swift", ".kt", ".kts", ".scala", ".rb", ".php", ".pl", ".lua", ".r", ".jl", ".ex",
            ".exs", ".erl",
            ".hs", ".ml", ".fs", ".fsx", ".vb", ".clj", ".dart", ".groovy", ".sh", ".bash", ".ps1", ".sql", ".proto", ".graphql", ".vue", ".svelte",
            ".razor", ".cshtml",
            ".html", ".css", ".scss", ".less", ".tf", ".zig", ".nim", ".sol",
        ], StringComparer.OrdinalIgnoreCase);

    public static FileKind Of(string path)
    {
        if (Generated.IsMatch(path)) return FileKind.Generated;
        if (IsProse(path)) return FileKind.Docs;
        var isCode = Languages.Of(path) is not null || OtherCode.Contains(Path.GetExtension(path));
        if (Test.IsMatch(path) || TestType.IsMatch(path)) return FileKind.Test;
        if (isCode) return FileKind.Code;
        if (ToolConfig.IsMatch(path)) return FileKind.Other;
        return Config.IsMatch(path) ? FileKind.Config : FileKind.Other;
    }

    /// <summary>Written for readers. A .txt file counts only where documents live: elsewhere it is data or a list of requirements.</summary>
    private static bool IsProse(string path)
    {
        var extension = Path.GetExtension(path);
        if (Prose.Contains(extension)) return true;
        if (DocsText.IsMatch(path)) return true;
        return extension.Equals(".txt", StringComparison.OrdinalIgnoreCase) && DocsFolder.IsMatch(path);
    }
}
