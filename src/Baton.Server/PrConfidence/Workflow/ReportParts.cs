using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

/// <param name="Path">Of a file on this machine.</param>
/// <param name="Format">Auto: by what it holds.</param>
internal sealed record TicketFileRequest([property: JsonRequired] string Path, TicketFormat Format = TicketFormat.Auto);

/// <summary>What the steps before the report gave.</summary>
internal sealed record ReportParts(
    [property: JsonRequired] Ticket Ticket,
    [property: JsonRequired] ChangeSet Changes,
    [property: JsonRequired] CrossReference CrossReference,
    [property: JsonRequired] VerdictReport Verdicts,
    [property: JsonRequired] ScoreReport Score,
    StaleDocs? StaleDocs = null);

/// <summary>What the workflow gives.</summary>
/// <param name="Display">For a terminal.</param>
/// <param name="Artifacts">The report as files.</param>
internal sealed record ReportOutput(PrConfidenceReport Report, TerminalReport Display, ImmutableArray<Artifact> Artifacts);

/// <summary>A file that a run gives.</summary>
/// <param name="Name">Without a folder.</param>
/// <param name="Title">What it is, in a word.</param>
internal sealed record Artifact(string Name, string Title, string Content);
