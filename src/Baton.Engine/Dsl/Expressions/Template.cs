using System.Text;
using Baton.Jq;

namespace Baton.Engine.Dsl.Expressions;

/// <summary>
/// A value of a document whose strings may be expressions: <c>${ .a }</c> alone gives its value, inside a text its text.
/// What an expression gives is data: it is never looked through for expressions again.
/// </summary>
internal abstract class Template
{
    /// <summary>The value when it holds no expression, else null.</summary>
    public virtual JqValue? Constant => null;

    public abstract JqValue Evaluate(JqValue input, Scope scope, string pointer);

    public static Template Of(JqValue constant) => new Fixed(constant);

    public static Template Of(Expression expression) => new Computed(expression);

    /// <summary>Compiles a value and all within it.</summary>
    public static Template Compile(JqValue value, VariableNames variables, bool loose)
    {
        if (value.TryGetString(out var text)) return CompileText(text, variables, loose);
        if (value.TryGetArray(out var array))
        {
            var items = array.Select(item => Compile(item, variables, loose)).ToArray();
            return Array.TrueForAll(items, item => item.Constant is not null) ? Of(value) : new Listed(items);
        }
        if (value.TryGetObject(out var members))
        {
            var properties = members.Select(member => KeyValuePair.Create(member.Key, Compile(member.Value, variables, loose))).ToArray();
            return Array.TrueForAll(properties, property => property.Value.Constant is not null) ? Of(value) : new Mapped(properties);
        }
        return Of(value);
    }

    private static Template CompileText(string text, VariableNames variables, bool loose)
    {
        var parts = Interpolation.Split(text);
        if (parts is [{ IsExpression: true } only]) return new Computed(Expression.Compile(only.Text, variables));
        if (parts.Any(part => part.IsExpression))
        {
            return new Joined([.. parts.Select(part => part.IsExpression ? new Computed(Expression.Compile(part.Text, variables)) : Of(part.Text))]);
        }
        if (loose && TryCompile(text, variables) is { } expression) return new Loose(expression, text);
        return Of(string.Concat(parts.Select(part => part.Text)));
    }

    private static Expression? TryCompile(string text, VariableNames variables)
    {
        try
        {
            return Expression.Compile(text, variables);
        }
        catch (JqSyntaxException)
        {
            return null;   // in loose mode, what is no program is a text
        }
    }

    private sealed class Fixed(JqValue value) : Template
    {
        public override JqValue? Constant => value;

        public override JqValue Evaluate(JqValue input, Scope scope, string pointer) => value;
    }

    private sealed class Computed(Expression expression) : Template
    {
        public override JqValue Evaluate(JqValue input, Scope scope, string pointer) => expression.Evaluate(input, scope, pointer);
    }

    private sealed class Loose(Expression expression, string text) : Template
    {
        public override JqValue Evaluate(JqValue input, Scope scope, string pointer)
        {
            try
            {
                return expression.Evaluate(input, scope, pointer);
            }
            catch (WorkflowException)
            {
                return text;   // the rule of loose mode: a failed evaluation gives the text itself
            }
        }
    }

    private sealed class Joined(Template[] parts) : Template
    {
        public override JqValue Evaluate(JqValue input, Scope scope, string pointer)
        {
            var text = new StringBuilder();
            foreach (var part in parts)
            {
                var value = part.Evaluate(input, scope, pointer);
                text.Append(value.TryGetString(out var s) ? s : value.ToJson());
            }
            return text.ToString();
        }
    }

    private sealed class Listed(Template[] items) : Template
    {
        public override JqValue Evaluate(JqValue input, Scope scope, string pointer)
        {
            var values = new JqValue[items.Length];
            for (var i = 0; i < items.Length; i++) values[i] = items[i].Evaluate(input, scope, pointer);
            return JqValue.Array(values);
        }
    }

    private sealed class Mapped(KeyValuePair<string, Template>[] properties) : Template
    {
        public override JqValue Evaluate(JqValue input, Scope scope, string pointer)
        {
            var members = new JqObject.Builder(properties.Length);
            foreach (var (key, value) in properties) members[key] = value.Evaluate(input, scope, pointer);
            return members.ToObject();
        }
    }
}
