namespace Baton.Server.PrConfidence;

/// <summary>Which type a line stands in, in a language with braces. Fed line by line with masked code.</summary>
internal sealed class BraceScopes
{
    // Nobody writes a declaration on a longer line; generated code and data do.
    private const int MaxLineChars = 500;

    private readonly Stack<Scope> scopes = new();
    private int depth;
    private (string Name, string Kind, bool IsVisible)? pending;

    private sealed record Scope(string Name, string Kind, bool IsVisible, int Depth);

    /// <summary>Asks of each line, with the scopes that it stands in, what it declares.</summary>
    public static IEnumerable<Declaration> Scan(SourceLines lines, Func<int, string, BraceScopes, Declaration?> at)
    {
        var around = new BraceScopes();
        for (var i = 0; i < lines.Count; i++)
        {
            var code = lines.Code(i);
            if (code.Length <= MaxLineChars && !string.IsNullOrWhiteSpace(code) && at(i, code, around) is { } found) yield return found;
            around.Read(code);
        }
    }

    /// <summary>The type whose members this line may declare; null at the top of the file and inside bodies of functions.</summary>
    public string? Container => Direct?.Name;

    /// <summary>The word that opened the container: "class", "interface", "enum", ...</summary>
    public string? ContainerKind => Direct?.Kind;

    /// <summary>All types around this line are visible.</summary>
    public bool IsVisible => scopes.All(scope => scope.IsVisible);

    /// <summary>This line is inside a body: what it declares is local.</summary>
    public bool IsLocal => scopes.Count == 0 ? depth > NamespaceDepth : scopes.Peek().Depth != depth;

    /// <summary>Braces of namespaces and modules, which hide nothing.</summary>
    public int NamespaceDepth { get; private set; }

    private Scope? Direct => scopes.TryPeek(out var scope) && scope.Depth == depth ? scope : null;

    /// <summary>The line declares a type; its body begins with the next brace, if there is one before the next semicolon.</summary>
    public void Declare(string name, string kind, bool isVisible) => pending = (name, kind, isVisible);

    /// <summary>The line opens a namespace.</summary>
    public void DeclareNamespace() => pending = ("", "namespace", true);

    public void Read(string code)
    {
        foreach (var c in code)
        {
            if (c == ';' && pending is not null) pending = null;
            if (c == '{') Open();
            if (c == '}') Close();
        }
    }

    private void Open()
    {
        depth++;
        if (pending is not { } opened) return;
        if (opened.Kind == "namespace") NamespaceDepth++;
        else scopes.Push(new(opened.Name, opened.Kind, opened.IsVisible, depth));
        pending = null;
    }

    private void Close()
    {
        if (scopes.TryPeek(out var scope) && scope.Depth == depth) scopes.Pop();
        if (depth > 0) depth--;
        if (depth < NamespaceDepth) NamespaceDepth = depth;
    }
}
