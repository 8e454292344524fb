using System.Diagnostics;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>One rule of a schema, or several that only mean something together. Immutable once compiled.</summary>
/// <param name="location">Where the rule stands, for errors.</param>
internal abstract class Keyword(SchemaLocation location)
{
    public SchemaLocation Location { get; } = location;

    /// <summary>The schemas that are applied to the very same value. If these lead back here, validation would never end.</summary>
    public virtual IEnumerable<(SchemaLocation Location, SchemaNode Schema)> InPlace => [];

    /// <summary>Whether values of a kind can fail here, or be marked as evaluated. For others the rule is left out.</summary>
    public virtual bool Concerns(JqKind kind) => true;

    /// <summary>Whether a value keeps the rule. If not, the evaluation is told, unless the failure is that of another rule inside.</summary>
    /// <param name="seen">Where to mark the members or items that were looked at; null when nobody asks.</param>
    public abstract bool Holds(in JqValue value, Evaluation evaluation, EvaluatedSet? seen);

    /// <summary>Says what must be, and what is instead: the sentence goes on after the value's pointer.</summary>
    /// <remarks>Apart from <see cref="Holds"/>, because most failures are never told: another alternative fits, or enough are known.</remarks>
    /// <param name="detail">What <see cref="Holds"/> gave along with the failure.</param>
    public virtual string Explain(in JqValue value, object? detail) => throw new UnreachableException("This rule fails only by rules inside of it.");
}
