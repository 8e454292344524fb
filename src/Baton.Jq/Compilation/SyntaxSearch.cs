namespace Baton.Jq;

/// <summary>Looks through programs as they are written.</summary>
internal static class SyntaxSearch
{
    /// <summary>Number of terms.</summary>
    public static int Size(Syntax syntax) => All(syntax).Count();

    /// <summary>Whether a function of this name and arity is called anywhere, whatever the name means there.</summary>
    public static bool Calls(Syntax syntax, string signature) => All(syntax).Any(term => term is CallSyntax call && call.Signature == signature);

    /// <summary>All terms, without recursion.</summary>
    private static IEnumerable<Syntax> All(Syntax root)
    {
        var open = new Stack<Syntax>([root]);
        while (open.TryPop(out var term))
        {
            yield return term;
            foreach (var part in Parts(term)) open.Push(part);
        }
    }

    private static IReadOnlyList<Syntax> Parts(Syntax term) => term switch
    {
        StringSyntax text => text.Holes,
        IndexSyntax index => [index.Target, index.Key],
        SliceSyntax slice => Present(slice.Target, slice.From, slice.To),
        IterateSyntax iterate => [iterate.Target],
        TrySyntax attempt => Present(attempt.Body, attempt.Handler),
        PipeSyntax pipe => pipe.Parts,
        CommaSyntax comma => comma.Parts,
        BinarySyntax binary => [binary.Left, binary.Right],
        NegateSyntax negate => [negate.Operand],
        IfSyntax choice => [.. choice.Branches.SelectMany(branch => (Syntax[])[branch.Condition, branch.Then]), .. Present(choice.Otherwise)],
        ReduceSyntax reduce => [reduce.Source, reduce.Start, reduce.Update, .. reduce.Patterns.SelectMany(Keys)],
        ForeachSyntax loop => [loop.Source, loop.Start, loop.Update, .. Present(loop.Extract), .. loop.Patterns.SelectMany(Keys)],
        BindSyntax bind => [bind.Source, bind.Body, .. bind.Patterns.SelectMany(Keys)],
        LabelSyntax label => [label.Body],
        DefinitionsSyntax definitions => [definitions.Body, .. definitions.Definitions.Select(definition => definition.Body)],
        CallSyntax call => call.Arguments,
        ArraySyntax array => Present(array.Body),
        ObjectSyntax members => [.. members.Members.SelectMany(member => (Syntax[])[member.Key, member.Value])],
        _ => [],
    };

    private static Syntax[] Present(params ReadOnlySpan<Syntax?> parts)
    {
        var present = new List<Syntax>();
        foreach (var part in parts)
        {
            if (part is not null) present.Add(part);
        }
        return [.. present];
    }

    private static IEnumerable<Syntax> Keys(Pattern pattern) => pattern switch
    {
        ArrayPattern array => array.Elements.SelectMany(Keys),
        ObjectPattern members => members.Members.SelectMany(member => (Syntax[])[member.Key, .. member.Value is null ? [] : Keys(member.Value)]),
        _ => [],
    };
}
