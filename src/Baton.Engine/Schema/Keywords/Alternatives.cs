using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>A list of schemas to choose from: <c>anyOf</c> and <c>oneOf</c>.</summary>
internal abstract class Alternatives(SchemaLocation location, ImmutableArray<SchemaNode> schemas) : Keyword(location)
{
    public sealed override IEnumerable<(SchemaLocation, SchemaNode)> InPlace => Schemas.Select(schema => (schema.Location, schema));

    protected ImmutableArray<SchemaNode> Schemas { get; } = schemas;

    /// <summary>Tries an alternative. One that fails leaves no marks; why it failed goes into <paramref name="failed"/> instead of the errors.</summary>
    protected bool Fits(int index, in JqValue value, Evaluation evaluation, EvaluatedSet? seen, ref List<FailedAlternative>? failed)
    {
        var marked = seen?.Mark ?? 0;
        var before = evaluation.Errors?.Save() ?? default;
        var holds = Schemas[index].Holds(value, evaluation, seen);
        if (!holds) seen?.GoBack(marked);
        if (evaluation.Errors is not { } errors) return holds;
        if (holds) errors.Restore(before);
        else (failed ??= []).Add(new FailedAlternative(index + 1, TitleOf(Schemas[index].Location.Value), errors.Take(before)));
        return holds;
    }

    /// <summary>Says why nothing fits. Which members would be evaluated nobody can tell then: none is reported as unevaluated.</summary>
    /// <param name="before">Where the list of errors stood before the alternatives were tried: what they added does not count against this one.</param>
    protected void FailAll(in JqValue value, Evaluation evaluation, ErrorList.Mark before, EvaluatedSet? seen, List<FailedAlternative>? failed)
    {
        evaluation.Errors?.MakeRoom(before);
        evaluation.Fail(this, value, failed?.ToArray());
        seen?.AddAll();
    }

    private static string? TitleOf(in JqValue schema)
    {
        if (!schema.TryGetObject(out var members)) return null;
        if (members.TryGetValue("title", out var value) && value.TryGetString(out var title)) return Wording.Plain(title);
        if (!members.TryGetValue("$ref", out value) || !value.TryGetString(out var reference)) return null;
        var name = reference[(reference.AsSpan().LastIndexOfAny('/', '#') + 1)..];
        return name.Length == 0 ? null : Wording.Plain(name);
    }
}
