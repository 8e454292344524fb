namespace Baton.Jq;

/// <summary>The names visible at one place of a program, innermost first.</summary>
internal sealed class Scope(Scope? outer, Binding binding)
{
    public static Binding? Find(Scope? scope, string name)
    {
        for (var at = scope; at is not null; at = at.Outer)
        {
            if (at.Binding.Name == name) return at.Binding;
        }
        return null;
    }

    public Scope? Outer { get; } = outer;

    public Binding Binding { get; } = binding;
}

/// <summary>What a name means. Names carry their sort: <c>$variable</c>, <c>function/arity</c>, <c>*label</c>.</summary>
internal abstract record Binding(string Name);

/// <summary>A variable or label in a slot of the frames at a level.</summary>
internal sealed record SlotBinding(string Name, int Level, int Slot) : Binding(Name);

/// <summary>A variable whose value is known.</summary>
internal sealed record ConstantBinding(string Name, JqValue Value) : Binding(Name);

/// <summary>A parameter of a function that is put in place: the argument, and the scope and position it comes from.</summary>
internal sealed record ArgumentBinding(string Name, Syntax Argument, Scope? Scope, int? Place) : Binding(Name);

/// <summary>A parameter of a function that is called: a closure in a slot.</summary>
internal sealed record ClosureBinding(string Name, int Level, int Slot) : Binding(Name);

/// <summary>A function definition.</summary>
internal sealed record FunctionBinding(string Name, Definition Definition, int Level, bool IsBuiltin) : Binding(Name)
{
    /// <summary>What its body sees, itself included.</summary>
    public Scope? Scope { get; set; }

    /// <summary>Its code, once it is called instead of being put in place.</summary>
    public Function? Function { get; set; }

    /// <summary>Whether its body mentions a function of its own name and arity.</summary>
    public bool IsRecursive { get; } = SyntaxSearch.Calls(Definition.Body, Definition.Signature);

    /// <summary>Number of terms in its body.</summary>
    public int Size { get; } = SyntaxSearch.Size(Definition.Body);
}
