using FsCheck;
using FsCheck.Fluent;

namespace Baton.Jq.Tests;

/// <summary>Random jq programs from the grammar; most of them compile, many of them do something.</summary>
internal static class RandomPrograms
{
    private static readonly string[] Variables = ["$x", "$y", "$__loc__", "$ENV"];

    private static readonly string[] Nullary =
    [
        .. Library.Signatures.Where(name => name.EndsWith("/0", StringComparison.Ordinal) && name is not ("now/0" or "debug/0" or "stderr/0" or "builtins/0"))
            .Select(name => name[..^2]),
    ];

    private static readonly string[] Unary = Named("/1"), Binary = Named("/2"), Ternary = Named("/3");

    public static Arbitrary<string> Arbitrary { get; } = Gen.Sized(size => Pipe(Math.Min(size, 40), 0)).ToArbitrary();

    public static Gen<string> Pattern { get; } = Gen.Elements(
            "a", "b", ".", "^", "$", "*", "+", "?", "{2}", "{1,}", "{,3}", "(", ")", "(?:", "(?<n>", "(?=", "(?!", "(?<=", "(?>", "|", "[", "]", "[^",
            "a-z", "[[:alpha:]]", "&&", "\\d", "\\W", "\\p{L}", "\\p{^Lu}", "\\b", "\\1", "\\k<n>", "\\Q", "\\E", "\\x{1F600}", "é", "😀", "(?i)", "(?x: ", "#", " ", "\\")
        .ArrayOf().Select(string.Concat);

    private static string[] Named(string arity) =>
    [
        .. Library.Signatures.Where(name => name.EndsWith(arity, StringComparison.Ordinal) && name[0] != '_').Select(name => name[..^2]),
    ];

    // Generators of parts are made only when they are drawn: there are far too many to make them all.
    private static Gen<string> Pipe(int size, int depth) => size <= 1 || depth > 6 ? Atom : Gen.Constant(0).SelectMany(_ => MakePipe(size, depth));

    private static Gen<string> Term(int size, int depth) => size <= 1 || depth > 6 ? Atom : Gen.Constant(0).SelectMany(_ => MakeTerm(size, depth));

    private static Gen<string> MakePipe(int size, int depth) => Gen.Frequency(
        (3, Term(size - 1, depth + 1)),
        (3, Two(size, depth, " | ")),
        (2, Two(size, depth, ", ")),
        (2, Two(size, depth, " as $x | ")),
        (1, Two(size, depth, " as [$x, {a: $y}] | ")),
        (1, Two(size, depth, " as [$x] ?// $y | ")),
        (1, Two(size, depth, "; ").Select(parts => $"def f: {parts}")),
        (1, Three(size, depth).Select(parts => $"def f(g): {parts[0]}; {parts[1]} | f({parts[2]})")),
        (1, Three(size, depth).Select(parts => $"def f($a; g): {parts[0]} | g; {parts[1]} | f({parts[2]}; $__loc__)")),
        (1, Two(size, depth, ", break $l, ").Select(parts => $"label $l | {parts}")));

    private static Gen<string> MakeTerm(int size, int depth) => Gen.Frequency(
        (4, Atom),
        (3, Gen.Elements("+", "-", "*", "/", "%", "==", "<", "<=", "!=", ">", ">=", "and", "or", "//", "=", "|=", "+=", "-=", "*=", "//=")
            .SelectMany(symbol => Two(size, depth, $") {symbol} (").Select(parts => $"({parts})"))),
        (2, Pipe(size - 1, depth).Select(inner => $"[{inner}]")),
        (1, Two(size, depth, "), \"k\": (").Select(parts => $"{{a: ({parts})}}")),
        (1, Two(size, depth, "): (").Select(parts => $"{{({parts})}}")),
        (2, Two(size, depth, ")[(").Select(parts => $"({parts})]")),
        (1, Two(size, depth, "):(").Select(parts => $".[({parts})]")),
        (2, Pipe(size - 1, depth).Select(inner => $"({inner})[]?")),
        (2, Two(size, depth, ") catch (").Select(parts => $"try ({parts})")),
        (1, Pipe(size - 1, depth).Select(inner => $"-({inner})")),
        (2, Three(size, depth).Select(parts => $"if {parts[0]} then {parts[1]} else {parts[2]} end")),
        (2, Three(size, depth).Select(parts => $"reduce ({parts[0]}) as $x ({parts[1]}; {parts[2]})")),
        (1, Three(size, depth).Select(parts => $"foreach ({parts[0]}) as [$x] ({parts[1]}; {parts[2]})")),
        (1, Two(size, depth, ") \\(").Select(parts => $"\"a\\({parts})\"")),
        (1, Pipe(size - 1, depth).Select(inner => $"@base64 \"\\({inner})\"")),
        (3, Gen.Elements(Unary).SelectMany(name => Pipe(size - 1, depth).Select(inner => $"{name}({inner})"))),
        (2, Gen.Elements(Binary).SelectMany(name => Two(size, depth, "; ").Select(parts => $"{name}({parts})"))),
        (1, Gen.Elements(Ternary).SelectMany(name => Three(size, depth).Select(parts => $"{name}({string.Join("; ", parts)})"))));

    private static Gen<string> Atom { get; } = Gen.Frequency(
        (5, Gen.Elements(".", ".a", ".[0]", ".[]?", "..", ".[1:]", ".[-1]", "empty", "f", ".a.b", ".[\"k\"]?", "null", "true", "[]", "{}", "error")),
        (2, Gen.Elements("0", "1", "-1", "2", "1.5", "1e1000", "13911860366432393", "\"a\"", "\"\"", "\"😀\"", "\"a,b\"", "[1,2]", "{\"a\":1}", "nan")),
        (1, Gen.Elements(Variables)),
        (2, Gen.Elements(Nullary)),
        (1, Gen.Elements("@json", "@csv", "@sh", "@uri", "@html", "@base32", "@base64d", "@text", "range(3)", "range(2;0;-1)")));

    private static Gen<string> Two(int size, int depth, string between) =>
        Pipe(size / 2, depth + 1).SelectMany(left => Pipe(size / 2, depth + 1).Select(right => left + between + right));

    private static Gen<string[]> Three(int size, int depth) => Pipe(size / 3, depth + 1).ArrayOf(3);
}
