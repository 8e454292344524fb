using System.Runtime.CompilerServices;

namespace Baton.Jq;

/// <summary>
/// Turns a program as written into filters: resolves names, puts small functions in place of their calls, and folds constants. What a
/// builtin that is written in jq needs is compiled into the program that calls it, and nothing else.
/// </summary>
internal sealed partial class Compiler
{
    /// <summary>How many terms of function bodies may be put in place; beyond, functions are called. Keeps programs from exploding.</summary>
    private const int InlineBudget = 4_000;

    private const int MaxInlineNesting = 40;

    private readonly string source;
    private readonly Dictionary<string, FunctionBinding?> library = [];
    private readonly HashSet<Syntax> generators = new(ReferenceEqualityComparer.Instance);
    private int inlineLeft = InlineBudget;
    private int inlineNesting;
    private Function unit = new(0);   // the function whose body is being compiled
    private int? place;               // inside of a builtin: where the program calls it

    private Compiler(string source) => this.source = source;

    /// <summary>Compiles a program; its variables take the first slots of the main frame.</summary>
    public static Function Compile(string source, ReadOnlySpan<string> variables)
    {
        var compiler = new Compiler(source);
        Scope? scope = null;
        foreach (var name in variables) scope = new Scope(scope, new SlotBinding("$" + name, 0, compiler.unit.NewSlots()));
        var main = compiler.unit;
        main.Body = compiler.Term(Parser.ParseProgram(source), scope, tracked: false);
        return main;
    }

    /// <summary>Compiles a term.</summary>
    /// <param name="syntax">The term.</param>
    /// <param name="scope">What it sees.</param>
    /// <param name="tracked">Whether the path of its outputs may be asked for.</param>
    private Filter Term(Syntax syntax, Scope? scope, bool tracked)
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack()) throw Error("The program nests too deeply", syntax.Position);
        var position = Place(syntax);
        switch (syntax)
        {
            case IdentitySyntax:
                return new Identity(position);
            case RecurseSyntax:
                return new Recurse(position);
            case LiteralSyntax literal:
                return new Constant(position, literal.Value);
            case StringSyntax text:
                return new Interpolation(position, Format.Named(text.Format ?? "text"), [.. text.Texts], Filters(text.Holes, scope));
            case FormatSyntax format:
                return new NativeCall(position, Format.Named(format.Name).AsNative, []);
            case IndexSyntax index:
                return new Index(position, Term(index.Target, scope, tracked), Term(index.Key, scope, false));
            case SliceSyntax slice:
                return new Slice(position, Term(slice.Target, scope, tracked), Bound(slice.From, slice, scope), Bound(slice.To, slice, scope));
            case IterateSyntax iterate:
                return new Iterate(position, Term(iterate.Target, scope, tracked), quiet: false);
            case TrySyntax attempt:
                return TryTerm(attempt, scope, tracked);
            case PipeSyntax pipe:
                return Pipe.Of(position, pipe.Parts.Select(part => Term(part, scope, tracked)));
            case CommaSyntax comma:
                return new Comma(position, [.. comma.Parts.Select(part => Term(part, scope, tracked))]);
            case BinarySyntax binary:
                return BinaryTerm(binary, scope, tracked);
            case NegateSyntax negate:
                return NegateTerm(position, Term(negate.Operand, scope, tracked));
            case IfSyntax choice:
                return IfTerm(choice, scope, tracked);
            case ReduceSyntax reduce:
                return ReduceTerm(reduce, scope, tracked);
            case ForeachSyntax loop:
                return ForeachTerm(loop, scope, tracked);
            case BindSyntax bind:
                return BindTerm(bind, scope, tracked);
            case LabelSyntax label:
                var slot = unit.NewSlots();
                return new Label(position, slot, Term(label.Body, new Scope(scope, new SlotBinding("*" + label.Name, unit.Level, slot)), tracked));
            case BreakSyntax exit:
                return Scope.Find(scope, "*" + exit.Name) is SlotBinding target
                    ? new Break(position, unit.Level - target.Level, target.Slot)
                    : throw Error($"$*label-{exit.Name} is not defined", syntax.Position, "break".Length);
            case DefinitionsSyntax definitions:
                return Term(definitions.Body, Define(definitions.Definitions, scope), tracked);
            case CallSyntax call:
                return CallTerm(call, scope, tracked);
            case VariableSyntax variable:
                return VariableTerm(variable, scope);
            case ArraySyntax array:
                return ArrayTerm(position, array.Body is null ? null : Term(array.Body, scope, false));
            default:
                return ObjectTerm((ObjectSyntax)syntax, scope);
        }
    }

    private Filter[] Filters(IReadOnlyList<Syntax> terms, Scope? scope) => [.. terms.Select(term => Term(term, scope, false))];

    /// <summary>Positions inside of builtins mean nothing to the program: there the call counts.</summary>
    private int Place(Syntax syntax) => place ?? syntax.Position;

    private JqSyntaxException Error(string reason, int position, int length = 1) => new(reason, source, place ?? position, length);

    private Filter Bound(Syntax? bound, SliceSyntax slice, Scope? scope) =>
        bound is null ? new Constant(Place(slice), default) : Term(bound, scope, false);

    private Filter TryTerm(TrySyntax attempt, Scope? scope, bool tracked)
    {
        var position = Place(attempt);
        if (attempt is { Handler: null, Body: IterateSyntax iterate })
        {
            var target = Term(iterate.Target, scope, tracked);
            var quiet = new Iterate(Place(iterate), new Identity(position), quiet: true);
            if (target is Identity) return quiet;
            if (target.IsExpression) return Pipe.Of(position, [new Try(position, target, null), quiet]);
        }
        return new Try(position, Term(attempt.Body, scope, tracked), attempt.Handler is null ? null : Term(attempt.Handler, scope, tracked));
    }

    private static Filter NegateTerm(int position, Filter operand) =>
        operand is Constant { Value: { IsNumber: true } number }
            ? new Constant(position, Operators.Negate(number))
            : Pipe.Of(position, [operand, new Negate(position)]);   // as jq has it: the operand is no value apart, but part of the path

    private Filter IfTerm(IfSyntax choice, Scope? scope, bool tracked)
    {
        var position = Place(choice);
        var result = choice.Otherwise is null ? new Identity(position) : Term(choice.Otherwise, scope, tracked);
        foreach (var (condition, then) in choice.Branches.Reverse())
        {
            result = new Condition(position, Term(condition, scope, false), Term(then, scope, tracked), result);
        }
        return result;
    }

    private Filter VariableTerm(VariableSyntax variable, Scope? scope) => Scope.Find(scope, "$" + variable.Name) switch
    {
        SlotBinding slot => new Variable(Place(variable), unit.Level - slot.Level, slot.Slot),
        ConstantBinding constant => new Constant(Place(variable), constant.Value),
        _ => variable.Name switch
        {
            "ENV" => new Constant(Place(variable), JqValue.EmptyObject),
            "JQ_BUILD_CONFIGURATION" => new Constant(Place(variable), "Baton.Jq"),
            _ => throw Error($"${variable.Name} is not defined", variable.Position, variable.Name.Length + 1),
        },
    };

    private static Filter ArrayTerm(int position, Filter? body) => body switch
    {
        null or Empty => new Constant(position, JqValue.EmptyArray),
        Constant single => new Constant(position, JqValue.Array(single.Value)),
        Comma comma when comma.Constants() is { } values => new Constant(position, JqArray.Wrap(values)),
        _ => new Collect(position, body),
    };

    private Filter ObjectTerm(ObjectSyntax members, Scope? scope)
    {
        var parts = new Filter[members.Members.Count * 2];
        for (var i = 0; i < members.Members.Count; i++)
        {
            parts[i * 2] = Term(members.Members[i].Key, scope, false);
            parts[i * 2 + 1] = Term(members.Members[i].Value, scope, false);
        }
        if (!System.Array.TrueForAll(parts, part => part is Constant)) return new MakeObject(Place(members), parts);
        var constant = new JqObject.Builder(parts.Length / 2);
        for (var i = 0; i < parts.Length; i += 2)
        {
            var key = ((Constant)parts[i]).Value;
            if (!key.IsString) throw Error($"Cannot use {Describe.Value(key)} as object key", parts[i].Position);
            constant[key.AsString()] = ((Constant)parts[i + 1]).Value;
        }
        return new Constant(Place(members), constant.ToObject());
    }
}
