namespace Baton.Jq;

/// <summary><c>target[key]</c>, also <c>target.name</c>. The key is evaluated first, on the same input.</summary>
internal sealed class Index : Filter
{
    private readonly Filter target, key;
    private readonly string? name;   // of a constant string key

    // Where the key was found last: objects of one shape share their table. Racing writers replace it whole.
    private Site? site;

    public Index(int position, Filter target, Filter key)
        : base(position, Traits.Expression & Common(target, key) | (key.IsExpression ? target.Traits & Traits.Updatable : Traits.None), target, key)
    {
        this.target = target;
        this.key = key;
        name = key is Constant { Value: var value } && value.TryGetString(out var text) ? text : null;
    }

    private sealed record Site(KeyTable Table, int Index);

    public override Outcome Evaluate(Machine m, JqValue input, out JqValue output)
    {
        if (name is not null)
        {
            output = input;
            if (target is not Identity)
            {
                var found = target.Evaluate(m, input, out output);
                if (found != Outcome.Value) return found;
            }
            return Field(m, output, out output);
        }
        var outcome = key.Evaluate(m, input, out var k);
        if (outcome != Outcome.Value)
        {
            output = default;
            return outcome;
        }
        outcome = target.Evaluate(m, input, out output);
        return outcome == Outcome.Value ? m.At(Access.Get(m, output, k, out output), Position) : outcome;
    }

    public override Outcome EvaluatePath(Machine m, JqValue input, ref PathNode path, out JqValue output)
    {
        output = default;
        var outcome = key.Evaluate(m, input, out var k);
        if (outcome != Outcome.Value) return outcome;
        outcome = target.EvaluatePath(m, input, ref path, out var container);
        if (outcome != Outcome.Value) return outcome;
        if (!container.IsSameAs(path.Value)) return Unreachable(m, container, k);
        outcome = m.At(Access.Get(m, container, k, out output), Position);
        if (outcome == Outcome.Value) path = path.Append(k, output);
        return outcome;
    }

    public override Outcome Update(Machine m, JqValue root, Change change, out JqValue result)
    {
        var outcome = key.Evaluate(m, root.Shared, out var k);
        if (outcome == Outcome.Value) return target.Update(m, root, new Inside(this, k, change), out result);
        // Without a key there is no path, and nothing changes.
        result = root;
        return outcome == Outcome.None ? Outcome.Value : outcome;
    }

    public override void Emit(Emitter code)
    {
        if (key is Constant or Variable)
        {
            code.Emit(target);
            code.Add(Op.Evaluate, operand: new Index(Position, new Identity(Position), key));
            return;
        }
        var input = code.NewSlots(2);
        code.Add(Op.Save, input);
        var result = code.EmitEach([key], input)[0];
        code.Add(Op.Restore, input);
        code.Emit(target);
        code.Add(Op.Evaluate, operand: new Index(Position, new Identity(Position), result));
    }

    private Outcome Field(Machine m, JqValue container, out JqValue value)
    {
        if (container.TryGetObject(out var members))
        {
            var known = site;
            if (known is not null && known.Table == members.Table && known.Index < members.Count)
            {
                value = members.AsSpan()[known.Index];
                return Outcome.Value;
            }
            var index = members.Table.IndexOf(name!, members.Count);
            if (index < 0)
            {
                value = default;
                return Outcome.Value;
            }
            site = new Site(members.Table, index);
            value = members.AsSpan()[index];
            return Outcome.Value;
        }
        return m.At(Access.Get(m, container, name, out value), Position);
    }

    private Outcome Unreachable(Machine m, JqValue container, JqValue k) =>
        m.At(m.Fail($"Invalid path expression near attempt to access element {Describe.Text(k)} of {Describe.Text(container)}"), Position);

    private sealed class Inside(Index site, JqValue key, Change change) : Change
    {
        public override Outcome Apply(Machine m, JqValue old, out JqValue replacement)
        {
            replacement = old;
            var outcome = m.At(Access.Get(m, old, key, out var value), site.Position);
            if (outcome != Outcome.Value) return outcome;
            outcome = change.Apply(m, value, out var changed);
            if (outcome == Outcome.Value) return m.At(Access.Set(m, old, key, changed, out replacement), site.Position);
            if (outcome == Outcome.Error) return outcome;
            return m.At(Paths.Delete(m, old.Shared, JqValue.Array(JqValue.Array(key)), out replacement), site.Position);
        }
    }
}
