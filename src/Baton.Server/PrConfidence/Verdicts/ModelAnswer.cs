using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

[JsonConverter(typeof(SnakeCaseEnum<Verdict>))]
internal enum Verdict
{
    Met,
    Partial,
    Missing,
    Unclear,
}

/// <summary>What a language model says of one criterion. It is a claim: its quotes are looked up before it counts.</summary>
/// <param name="Verdict">Its judgement.</param>
/// <param name="Confidence">In [0,1]; what lies outside is brought inside.</param>
/// <param name="Reasoning">Shown, never interpreted.</param>
internal sealed record ModelVerdict([property: JsonRequired] Verdict Verdict, double Confidence, string? Reasoning = null)
{
    /// <summary>Quotes from the diff, or places as "path:line".</summary>
    public ImmutableArray<string> Evidence { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>What an extractive model finds: sentences of the evidence text, and how much of the criterion they cover.</summary>
/// <param name="Coverage">In [0,1].</param>
internal sealed record ExtractiveAnswer([property: JsonRequired] double Coverage)
{
    public ImmutableArray<string> Quotes { get; init => field = value.IsDefault ? [] : value; } = [];
}

/// <summary>The answer for one criterion: a verdict, or an extract, or neither if the model failed.</summary>
/// <param name="CriterionId">"AC-1".</param>
/// <param name="Verdict">Of a model that judges.</param>
/// <param name="Extract">Of a model that only finds.</param>
/// <param name="Model">Its name, for the report.</param>
internal sealed record ModelAnswer([property: JsonRequired] string CriterionId, ModelVerdict? Verdict = null, ExtractiveAnswer? Extract = null, string? Model = null);
