namespace Baton.Jq;

internal sealed partial class Compiler
{
    private Filter BindTerm(BindSyntax bind, Scope? scope, bool tracked)
    {
        var position = Place(bind);
        var value = Term(bind.Source, scope, false);
        // What is known at compile time, or stands in a variable already, needs no slot.
        if (bind.Patterns is [VariablePattern single] && value is Constant constant)
        {
            return Term(bind.Body, new Scope(scope, new ConstantBinding("$" + single.Name, constant.Value)), tracked);
        }
        var patterns = Patterns(bind.Patterns, ref scope);
        var body = Term(bind.Body, scope, tracked);
        return bind.Patterns.Count == 1 ? new Bind(position, value, patterns.First, body) : new BindAlternatives(position, value, patterns, body);
    }

    private Reduce ReduceTerm(ReduceSyntax reduce, Scope? scope, bool tracked)
    {
        var (loop, start) = (Term(reduce.Source, scope, false), Term(reduce.Start, scope, tracked));
        var patterns = Patterns(reduce.Patterns, ref scope);
        return new Reduce(Place(reduce), loop, patterns, start, Term(reduce.Update, scope, tracked), tracked);
    }

    private Foreach ForeachTerm(ForeachSyntax loop, Scope? scope, bool tracked)
    {
        var (from, start) = (Term(loop.Source, scope, false), Term(loop.Start, scope, tracked));
        var patterns = Patterns(loop.Patterns, ref scope);
        var update = Term(loop.Update, scope, tracked);
        var extract = loop.Extract is null ? new Identity(Place(loop)) : Term(loop.Extract, scope, tracked);
        return new Foreach(Place(loop), from, patterns, start, update, extract);
    }

    /// <summary>Gives every variable of the patterns a slot and lets the scope see them all.</summary>
    private Alternatives Patterns(IReadOnlyList<Pattern> patterns, ref Scope? scope)
    {
        var slots = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pattern in patterns) Declare(pattern, slots);
        foreach (var (name, slot) in slots) scope = new Scope(scope, new SlotBinding("$" + name, unit.Level, slot));
        var inner = scope;
        return new Alternatives([.. patterns.Select(pattern => new Destructure(Matcher(pattern, slots, inner)))], [.. slots.Values]);
    }

    private void Declare(Pattern pattern, Dictionary<string, int> slots)
    {
        switch (pattern)
        {
            case VariablePattern variable:
                Declare(variable.Name, slots);
                break;
            case ArrayPattern array:
                foreach (var element in array.Elements) Declare(element, slots);
                break;
            case ObjectPattern members:
                foreach (var (variable, _, value) in members.Members)
                {
                    if (variable is not null) Declare(variable, slots);
                    if (value is not null) Declare(value, slots);
                }
                break;
        }
    }

    private void Declare(string variable, Dictionary<string, int> slots)
    {
        if (!slots.ContainsKey(variable)) slots[variable] = unit.NewSlots();
    }

    private Matcher Matcher(Pattern pattern, Dictionary<string, int> slots, Scope? scope)
    {
        var position = place ?? pattern.Position;
        return pattern switch
        {
            VariablePattern variable => new Matcher.Variable(position, slots[variable.Name]),
            ArrayPattern array => new Matcher.Array(position, [.. array.Elements.Select(element => Matcher(element, slots, scope))]),
            _ => new Matcher.Object(position, [.. ((ObjectPattern)pattern).Members.Select(member => (
                member.Variable is null ? -1 : slots[member.Variable],
                Term(member.Key, scope, false),
                member.Value is null ? null : Matcher(member.Value, slots, scope)))]),
        };
    }

    /// <summary>Binds a value to a new variable around what <paramref name="body"/> makes of it.</summary>
    private Filter WithValue(int position, Filter value, Func<Filter, Filter> body)
    {
        if (value is Constant or Variable) return body(value);
        var slot = unit.NewSlots();
        return new Bind(position, value, new Destructure(new Matcher.Variable(position, slot)), body(new Variable(position, 0, slot)));
    }
}
