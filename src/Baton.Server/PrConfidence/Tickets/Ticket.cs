using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <summary>What was asked for.</summary>
internal sealed record Ticket
{
    /// <summary>"PARCEL-142"; null if the text names none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Id { get; init; }

    public required string Title { get; init; }

    /// <summary>What stands outside the criteria, at most 4,000 characters.</summary>
    public required string Description { get; init; }

    public required ImmutableArray<Criterion> Criteria { get; init; }

    /// <summary>Where the criteria were found.</summary>
    public required CriteriaSource CriteriaSource { get; init; }

    /// <summary>The file or address it was read from.</summary>
    public required string Source { get; init; }

    public required ImmutableArray<Note> Notes { get; init; }
}

/// <param name="Id">"AC-1", "AC-2", ... in the order of the ticket.</param>
/// <param name="Text">At most 1,000 characters; a scenario is one criterion.</param>
/// <param name="Line">Where it begins in the text that was read, from 1.</param>
internal sealed record Criterion(string Id, string Text, int Line);

[JsonConverter(typeof(SnakeCaseEnum<CriteriaSource>))]
internal enum CriteriaSource
{
    /// <summary>A section with such a heading, or a field of that name.</summary>
    Section,
    Checklist,
    Scenarios,
    NumberedList,

    /// <summary>Sentences with "must" or "should": a guess, and noted as one.</summary>
    Inferred,
    None,
}

[JsonConverter(typeof(SnakeCaseEnum<TicketFormat>))]
internal enum TicketFormat
{
    /// <summary>JSON if it begins with a brace, else Markdown; plain text and Jira's wiki markup are read as Markdown.</summary>
    Auto,
    Markdown,
    Jira,
}

/// <param name="Text">The ticket itself.</param>
/// <param name="Source">Where it came from, for the report.</param>
/// <param name="Format">How to read it.</param>
internal sealed record TicketRequest([property: JsonRequired] string Text, string Source = "ticket", TicketFormat Format = TicketFormat.Auto);

[JsonPolymorphic(TypeDiscriminatorPropertyName = "outcome")]
[JsonDerivedType(typeof(Read), "read")]
[JsonDerivedType(typeof(Failed), "failed")]
internal abstract record TicketResult
{
    private TicketResult() { }

    public sealed record Read(Ticket Ticket) : TicketResult;

    /// <param name="Error">Stable, snake_case.</param>
    /// <param name="Message">What is wrong and what to do.</param>
    public sealed record Failed(TicketError Error, string Message) : TicketResult;
}

[JsonConverter(typeof(SnakeCaseEnum<TicketError>))]
internal enum TicketError
{
    FileMissing,
    TooLarge,
    NotText,
    NotJson,
    NotAnIssue,
    Empty,
}
