using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Baton.Server.PrConfidence;

[JsonConverter(typeof(SnakeCaseEnum<Tone>))]
internal enum Tone
{
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
}

[JsonConverter(typeof(SnakeCaseEnum<Side>))]
internal enum Side
{
    Left,
    Right,
}

internal sealed record Column(string Header, Side Align = Side.Left);

/// <param name="Text">One line without control characters. What a console library takes for markup is not escaped.</param>
/// <param name="Tone">How alarming it is.</param>
internal sealed record Cell(string Text, Tone Tone = Tone.Plain);

/// <summary>A table for any console.</summary>
/// <param name="Title">Above it.</param>
/// <param name="Columns">From left to right.</param>
/// <param name="Rows">As many cells as there are columns.</param>
/// <param name="Footer">"and 12 more", if rows were left out.</param>
internal sealed record TableModel(string Title, ImmutableArray<Column> Columns, ImmutableArray<ImmutableArray<Cell>> Rows, string? Footer = null);

/// <summary>The report as a terminal shows it.</summary>
/// <param name="Headline">What was analysed.</param>
/// <param name="Summary">A paragraph.</param>
/// <param name="Tone">Of the overall score.</param>
/// <param name="Tables">Score, criteria, gaps, stale documents; those with nothing to say are left out.</param>
internal sealed record TerminalReport(string Headline, string Summary, Tone Tone, ImmutableArray<TableModel> Tables);
