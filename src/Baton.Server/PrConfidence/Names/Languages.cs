namespace Baton.Server.PrConfidence;

/// <summary>The languages whose declarations are recognised.</summary>
internal static class Languages
{
    public const string CSharp = "csharp";
    public const string Python = "python";
    public const string TypeScript = "typescript";
    public const string JavaScript = "javascript";
    public const string Go = "go";
    public const string Java = "java";
    public const string Rust = "rust";

    public static string? Of(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".cs" => CSharp,
        ".py" or ".pyi" => Python,
        ".ts" or ".tsx" or ".mts" or ".cts" => TypeScript,
        ".js" or ".jsx" or ".mjs" or ".cjs" => JavaScript,
        ".go" => Go,
        ".java" => Java,
        ".rs" => Rust,
        _ => null,
    };

    /// <summary>The names that a file shows to others. Recognised line by line, without a parser: see the limits in the documentation.</summary>
    public static IEnumerable<Declaration> Declarations(string language, SourceLines lines) => language switch
    {
        CSharp => CSharpNames.Find(lines),
        Java => JavaNames.Find(lines),
        Python => PythonNames.Find(lines),
        TypeScript or JavaScript => TypeScriptNames.Find(lines),
        Go => GoNames.Find(lines),
        Rust => RustNames.Find(lines),
        _ => [],
    };
}

/// <summary>A name where it is declared.</summary>
/// <param name="Name">Simple name.</param>
/// <param name="Container">The type it belongs to.</param>
/// <param name="Kind">What it names.</param>
/// <param name="Signature">The declaration without its body, on one line.</param>
/// <param name="Line">From 1.</param>
internal sealed record Declaration(string Name, string? Container, NameKind Kind, string Signature, int Line);
