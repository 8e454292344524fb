namespace Baton.Jq;

internal sealed partial class Compiler
{
    /// <summary>Builtins that are filters of their own because they are no functions of values; null for all others.</summary>
    private Filter? Intrinsic(CallSyntax call, Scope? scope, bool tracked)
    {
        var position = Place(call);
        Filter Argument(int index, bool path = false) => Term(call.Arguments[index], scope, path);
        switch (call.Signature)
        {
            case "empty/0":
                return new Empty(position);
            case "recurse/0":
                return new Recurse(position);
            case "path/1":
                return new PathOf(position, Argument(0, path: true));
            case "getpath/1":
                return new GetPath(position, Argument(0));
            case "del/1":
                return Deletion(position, Argument(0, path: true));
            case "first/1":
                return new First(position, Argument(0, tracked), tracked);
            case "last/1":
                return new Last(position, Argument(0, tracked), tracked);
            case "limit/2" or "skip/2":
                return WithValue(position, Argument(0), count =>
                    new Counted(position, count, Argument(1, tracked), isLimit: call.Name == "limit"));
            case "range/1":
                return RangeTerm(position, new Constant(position, 0), Argument(0), new Constant(position, 1));
            case "range/2":
                return RangeTerm(position, Argument(0), Argument(1), new Constant(position, 1));
            case "range/3":
                return RangeTerm(position, Argument(0), Argument(1), Argument(2));
            case "isempty/1":
                return new IsEmpty(position, Argument(0), whenEmpty: true);
            case "any/2":
                return new IsEmpty(position, Where(position, Argument(0), Argument(1), wanted: true), whenEmpty: false);
            case "all/2":
                return new IsEmpty(position, Where(position, Argument(0), Argument(1), wanted: false), whenEmpty: true);
            case "until/2" when !tracked && generators.Add(call):
                // Noted as tried, so that nested ones are not compiled again and again.
                return new Until(position, Argument(0), Argument(1)) is { IsExpression: true } until ? until : null;
            case "env/0":
                return new Constant(position, JqValue.EmptyObject);
            case "builtins/0":
                return new Constant(position, Library.Builtins);
            default:
                return null;
        }
    }

    private static Filter Deletion(int position, Filter paths)
    {
        if (paths.IsUpdatable && new Delete(position, paths) is { IsExpression: true } delete) return delete;
        return new NativeCall(position, Library.Natives["delpaths/1"], [new Collect(position, new PathOf(position, paths))]);
    }

    private Filter RangeTerm(int position, Filter from, Filter to, Filter by)
    {
        // Simple bounds are evaluated in place; the first one varies slowest, as with parameters of functions.
        if (from.IsExpression && to.IsExpression && by.IsExpression) return new Range(position, from, to, by);
        return WithValue(position, from, first => WithValue(position, to, last => WithValue(position, by, step =>
            new Range(position, first, last, step))));
    }

    private static Filter Where(int position, Filter generator, Filter condition, bool wanted)
    {
        var (found, other) = (new Identity(position), new Empty(position));
        return Pipe.Of(position, [generator, wanted ? new Condition(position, condition, found, other) : new Condition(position, condition, other, found)]);
    }
}
