using System.Collections.Immutable;
using Baton.Jq;

namespace Baton.Engine.Schema;

/// <summary>One place of a value that breaks one rule of a schema.</summary>
/// <remarks>
/// Messages quote the schema, numbers and names of members, but never a text of the value: that may be a prompt or a secret.
/// Immutable and safe to share between threads. Texts are made when they are asked for: with long names they may be large.
/// </remarks>
public sealed class ValidationError
{
    private readonly InstancePath? place;
    private readonly SchemaLocation? location;
    private readonly ReferencePath? route;
    private readonly Keyword? rule;
    private readonly JqValue value;
    private readonly object? detail;

    internal ValidationError(InstancePath? place, SchemaLocation location, ReferencePath? route, Keyword rule, in JqValue value, object? detail)
    {
        this.place = place;
        this.location = location;
        this.route = route;
        this.rule = rule;
        this.value = value;
        this.detail = detail;
    }

    /// <summary>An error of the whole validation.</summary>
    internal ValidationError(string explanation) => detail = explanation;

    /// <summary>Where the value stands in the instance: a JSON pointer (RFC 6901), empty for the whole.</summary>
    public string InstancePointer => InstancePath.PointerTo(place);

    /// <summary>Where the rule stands: a JSON pointer into the schema, such as <c>/$defs/price/type</c>; for other documents after their URI and <c>#</c>.</summary>
    public string SchemaPointer => location?.Pointer ?? "";

    /// <summary>The way to the rule: as <see cref="SchemaPointer"/>, but through the references, such as <c>/properties/price/$ref/type</c>.</summary>
    public string KeywordLocation => location is null ? "" : ReferencePath.PointerTo(route, location);

    /// <summary>
    /// The keyword that failed, such as <c>type</c>; for the schema <c>false</c> the keyword, name or index that it stands under; empty
    /// when a limit ended the validation.
    /// </summary>
    public string Keyword => location?.Name ?? "";

    /// <summary>A sentence for people, without its full stop: where, the rule, and what is instead.</summary>
    public string Message => $"{Subject} {rule?.Explain(value, detail) ?? detail}";

    /// <summary>For <c>anyOf</c> and <c>oneOf</c>: why each alternative does not fit. It is enough to mend one of them.</summary>
    public ImmutableArray<FailedAlternative> Alternatives => detail as FailedAlternative[] is { } alternatives ? [.. alternatives] : [];

    private string Subject => place switch
    {
        null => "The value",
        { IsName: true } => $"The name of `{InstancePath.Excerpt(place)}`",
        _ => $"`{InstancePath.Excerpt(place)}`",
    };

    /// <summary>The <see cref="Message"/>.</summary>
    public override string ToString() => Message;

    /// <summary>Whether both errors are about the same value.</summary>
    internal bool IsAt(ValidationError other) => ReferenceEquals(place, other.place);
}

/// <summary>An alternative of <c>anyOf</c> or <c>oneOf</c> that a value does not fit.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Title">Its <c>title</c>, or the name of what it refers to, if it has one.</param>
/// <param name="Errors">Why it does not fit; empty when the limit of errors was reached before.</param>
public sealed record FailedAlternative(int Number, string? Title, ImmutableArray<ValidationError> Errors);
