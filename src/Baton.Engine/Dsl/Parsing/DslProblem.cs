namespace Baton.Engine.Dsl;

/// <summary>One reason why a document is refused.</summary>
/// <param name="Pointer">JSON pointer of what is wrong, such as <c>/do/0/getPet/with/endpont</c>.</param>
/// <param name="Rule">The rule that it breaks, in the words of the language.</param>
/// <param name="Mend">What to write instead.</param>
/// <param name="Line">In the source text, from 1; 0 when the document did not come as text.</param>
public sealed record DslProblem(string Pointer, string Rule, string Mend, int Line = 0)
{
    public override string ToString() => $"{(Line > 0 ? $"line {Line}, " : "")}{(Pointer.Length == 0 ? "/" : Pointer)}: {Rule} {Mend}";
}

/// <summary>A document was refused, with every reason that was found.</summary>
public sealed class InvalidWorkflowException(IReadOnlyList<DslProblem> problems)
    : Exception($"The workflow document has {problems.Count} problem{(problems.Count == 1 ? "" : "s")}: {string.Join(" | ", problems.Take(3))}")
{
    public IReadOnlyList<DslProblem> Problems { get; } = problems;
}
