namespace Baton.Jq;

internal sealed partial class Compiler
{
    private Scope? Define(IReadOnlyList<Definition> definitions, Scope? scope)
    {
        foreach (var definition in definitions)
        {
            var function = new FunctionBinding(definition.Signature, definition, unit.Level, IsBuiltin: false);
            scope = function.Scope = new Scope(scope, function);
        }
        return scope;
    }

    private Filter CallTerm(CallSyntax call, Scope? scope, bool tracked)
    {
        switch (Scope.Find(scope, call.Signature))
        {
            case ArgumentBinding argument:
                return At(argument.Place, () => Term(argument.Argument, argument.Scope, tracked));
            case ClosureBinding closure:
                return new CallParameter(Place(call), unit.Level - closure.Level, closure.Slot);
            case FunctionBinding function:
                return CallFunction(function, call, scope, tracked);
            default:
                return Intrinsic(call, scope, tracked)
                    ?? Builtin(call, scope)
                    ?? (FromLibrary(call.Signature) is { } written ? CallFunction(written, call, scope, tracked) : throw Undefined(call, scope));
        }
    }

    private NativeCall? Builtin(CallSyntax call, Scope? scope) =>
        !IsHidden(call) && Library.Natives.TryGetValue(call.Signature, out var native)
            ? new NativeCall(Place(call), native, Filters(call.Arguments, scope))
            : null;

    /// <summary>Whether a function is there for builtins only, which know what it expects. jq lets programs call one of these.</summary>
    private bool IsHidden(CallSyntax call) => call.Name[0] == '_' && place is null && call.Signature != "_strindices/1";

    /// <summary>A builtin that is written in jq; it sees other builtins only.</summary>
    private FunctionBinding? FromLibrary(string signature)
    {
        if (library.TryGetValue(signature, out var known)) return known;
        var definition = Library.Find(signature);
        var function = definition is null ? null : new FunctionBinding(signature, definition, 0, IsBuiltin: true);
        if (function is not null) function.Scope = new Scope(null, function);
        library[signature] = function;
        return function;
    }

    private Filter CallFunction(FunctionBinding function, CallSyntax call, Scope? scope, bool tracked)
    {
        if (!function.IsRecursive && function.Size <= inlineLeft && inlineNesting < MaxInlineNesting)
        {
            inlineLeft -= function.Size;
            inlineNesting++;
            var body = PutInPlace(function, call, scope, tracked);
            inlineNesting--;
            return body;
        }
        var code = At(function.IsBuiltin ? Place(call) : place, () => Function(function));
        var arguments = call.Arguments.Select(argument => Argument(argument, scope)).ToArray();
        return new Call(Place(call), code, unit.Level - function.Level, arguments);
    }

    private Filter PutInPlace(FunctionBinding function, CallSyntax call, Scope? scope, bool tracked)
    {
        var inner = function.Scope;
        var values = new List<(Filter Value, int Slot)>();
        for (var i = 0; i < call.Arguments.Count; i++)
        {
            var (name, argument) = (function.Definition.Parameters[i], call.Arguments[i]);
            inner = new Scope(inner, new ArgumentBinding($"{name.TrimStart('$')}/0", argument, scope, place));
            if (name[0] != '$') continue;
            inner = new Scope(inner, Known(name, argument, scope) ?? Computed(name, argument, scope, values));
        }
        var position = Place(call);
        var body = At(function.IsBuiltin ? position : place, () => Term(function.Definition.Body, inner, tracked));
        for (var i = values.Count - 1; i >= 0; i--)
        {
            var (value, slot) = values[i];
            body = new Bind(position, value, new Destructure(new Matcher.Variable(position, slot)), body);
        }
        return body;
    }

    /// <summary>An argument that needs no slot: a constant, or a variable under another name.</summary>
    private static Binding? Known(string name, Syntax argument, Scope? scope) => argument switch
    {
        LiteralSyntax literal => new ConstantBinding(name, literal.Value),
        VariableSyntax variable => Scope.Find(scope, "$" + variable.Name) switch
        {
            SlotBinding slot => slot with { Name = name },
            ConstantBinding constant => constant with { Name = name },
            _ => null,
        },
        _ => null,
    };

    private SlotBinding Computed(string name, Syntax argument, Scope? scope, List<(Filter, int)> values)
    {
        var slot = unit.NewSlots();
        values.Add((Term(argument, scope, false), slot));
        return new SlotBinding(name, unit.Level, slot);
    }

    /// <summary>The code of a function that is called; compiled at its first call.</summary>
    private Function Function(FunctionBinding binding)
    {
        if (binding.Function is { } known) return known;
        var function = binding.Function = new Function(binding.Level + 1);
        var parameters = binding.Definition.Parameters;
        var inner = binding.Scope;
        foreach (var parameter in parameters)
        {
            inner = new Scope(inner, new ClosureBinding($"{parameter.TrimStart('$')}/0", function.Level, function.NewSlots()));
        }
        var values = new List<(int Closure, int Slot)>();
        for (var i = 0; i < parameters.Count; i++)
        {
            if (parameters[i][0] != '$') continue;
            var slot = function.NewSlots();
            inner = new Scope(inner, new SlotBinding(parameters[i], function.Level, slot));
            values.Add((i, slot));
        }
        Within(function, () =>
        {
            var position = place ?? binding.Definition.Position;
            var body = Term(binding.Definition.Body, inner, tracked: true);
            for (var i = values.Count - 1; i >= 0; i--)
            {
                body = new Bind(position, new CallParameter(position, 0, values[i].Closure),
                    new Destructure(new Matcher.Variable(position, values[i].Slot)), body);
            }
            function.Body = body;
        });
        return function;
    }

    /// <summary>An argument of a function that is called.</summary>
    private Argument Argument(Syntax syntax, Scope? scope)
    {
        if (syntax is CallSyntax { Arguments.Count: 0 } call)
        {
            switch (Scope.Find(scope, call.Signature))
            {
                case ClosureBinding closure:
                    return new Argument(null, unit.Level - closure.Level, closure.Slot);
                case ArgumentBinding argument:
                    return At(argument.Place, () => Argument(argument.Argument, argument.Scope));
            }
        }
        // An expression is evaluated where it stands; anything else becomes a function of its own. Which it is shows only when it is
        // compiled; what is known to be no expression is not tried again, so nesting costs no more than twice.
        if (!generators.Contains(syntax))
        {
            var filter = Term(syntax, scope, tracked: true);
            if (filter.IsExpression) return new Argument(new Function(unit.Level) { Expression = filter }, 0, 0);
            generators.Add(syntax);
        }
        var function = new Function(unit.Level + 1);
        Within(function, () => function.Body = Term(syntax, scope, tracked: true));
        return new Argument(function, 0, 0);
    }

    private void Within(Function inner, Action compile)
    {
        var outer = unit;
        unit = inner;
        compile();
        unit = outer;
    }

    private T At<T>(int? position, Func<T> compile)
    {
        var outer = place;
        place = position;
        var result = compile();
        place = outer;
        return result;
    }

    private JqSyntaxException Undefined(CallSyntax call, Scope? scope)
    {
        var names = Library.Signatures.ToList();
        for (var at = scope; at is not null; at = at.Outer)
        {
            if (at.Binding is not (SlotBinding or ConstantBinding)) names.Add(at.Binding.Name);
        }
        var nearest = Spelling.Nearest(call.Signature, names);
        var hint = nearest is null ? "" : $"; did you mean {nearest}?";
        return Error($"{call.Signature} is not defined{hint}", call.Position, call.Name.Length);
    }
}
