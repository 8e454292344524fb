namespace Baton.Jq;

internal sealed partial class Compiler
{
    private Filter BinaryTerm(BinarySyntax binary, Scope? scope, bool tracked)
    {
        var position = Place(binary);
        switch (binary.Operator)
        {
            case "and" or "or":
                return new Logic(position, binary.Operator == "or", Term(binary.Left, scope, false), Term(binary.Right, scope, false));
            case "//":
                return new Alternative(position, Term(binary.Left, scope, tracked), Term(binary.Right, scope, tracked));
            case "=":
                var paths = Term(binary.Left, scope, true);
                var value = Term(binary.Right, scope, false);
                return value.IsExpression ? new Assign(position, paths, value) : WithValue(position, value, known => new Assign(position, paths, known));
            case "|=":
                return UpdateTerm(position, Term(binary.Left, scope, true), Term(binary.Right, scope, false));
            case "//=":
                paths = Term(binary.Left, scope, true);
                return WithValue(position, Term(binary.Right, scope, false), known =>
                    UpdateTerm(position, paths, new Alternative(position, new Identity(position), known)));
            case "+=" or "-=" or "*=" or "/=" or "%=":
                paths = Term(binary.Left, scope, true);
                return WithValue(position, Term(binary.Right, scope, false), known =>
                    UpdateTerm(position, paths, new Binary(position, Operators.Parse(binary.Operator), new Identity(position), known)));
            default:
                return Fold(new Binary(
                    position, Operators.Parse(binary.Operator), Term(binary.Left, scope, false), Term(binary.Right, scope, false)));
        }
    }

    private static Filter Fold(Binary binary) =>
        binary.TryFold(out var value) ? new Constant(binary.Position, value) : binary;

    private Filter UpdateTerm(int position, Filter paths, Filter change)
    {
        var update = new Update(position, paths, change);
        return !update.IsExpression && paths is Iterate { IsPlain: true } ? MapEach(position, change) : update;
    }

    /// <summary>
    /// <c>.[] |= change</c> where the change runs on the machine: a new array or object instead of one path after the other.
    /// </summary>
    private Condition MapEach(int position, Filter change)
    {
        var identity = new Identity(position);
        var first = new First(position, change, tracked: false);
        var elements = new Collect(position, Pipe.Of(position, [new Iterate(position, identity, quiet: false), first]));

        var (key, value) = (unit.NewSlots(), unit.NewSlots());
        var (keyVariable, valueVariable) = (new Variable(position, 0, key), new Variable(position, 0, value));
        var pair = new Collect(position, new Comma(position,
            [keyVariable, Pipe.Of(position, [new Index(position, identity, keyVariable), first])]));
        var keys = Pipe.Of(position, [Native(position, "keys_unsorted/0"), new Iterate(position, identity, quiet: false)]);
        // A change without output makes a pair of one element, which drops the member.
        var pairs = Pipe.Of(position,
        [
            new Bind(position, keys, new Destructure(new Matcher.Variable(position, key)), pair),
            new Condition(position, new Binary(position, BinaryOperator.Equal, Native(position, "length/0"), new Constant(position, 2)),
                identity, new Empty(position)),
        ]);
        var pattern = new Alternatives(
            [new Destructure(new Matcher.Array(position, [new Matcher.Variable(position, key), new Matcher.Variable(position, value)]))], [key, value]);
        var members = new Reduce(position, pairs, pattern, new Constant(position, JqValue.EmptyObject),
            new Assign(position, new Index(position, identity, keyVariable), valueVariable), tracked: false);

        var isObject = new Binary(position, BinaryOperator.Equal, Native(position, "type/0"), new Constant(position, "object"));
        return new Condition(position, isObject, members, elements);
    }

    private static NativeCall Native(int position, string signature, params Filter[] arguments) =>
        new(position, Library.Natives[signature], arguments);
}
