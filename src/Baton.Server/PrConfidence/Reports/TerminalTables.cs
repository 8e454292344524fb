using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>The report as a few tables that fit a terminal.</summary>
internal static class TerminalTables
{
    private const int MaxTextChars = 70;
    private const int MaxNoteChars = 400;

    /// <param name="report">To show.</param>
    /// <param name="maxRows">Of each table; the rest is counted.</param>
    public static TerminalReport Of(PrConfidenceReport report, int maxRows = 12)
    {
        var changes = report.Changes;
        ImmutableArray<TableModel> tables = [Score(report.ConfidenceAnalysis), Criteria(report, maxRows), Gaps(report, maxRows), Stale(report, maxRows), Notes(report, maxRows)];
        return new(
            Visible.Line($"{report.FinalReport.Title} ({changes.Base.Name}...{changes.Head.Name}: {Wording.Count(changes.Totals.Commits, "commit", "commits")}, {Wording.Count(changes.Totals.Files, "file", "files")}, +{changes.Totals.Added} -{changes.Totals.Deleted})"),
            Visible.Line(report.FinalReport.Summary),
            Tones.Of(report.ConfidenceAnalysis.Level),
            [.. tables.Where(table => !table.Rows.IsEmpty)]);
    }

    private static TableModel Score(ConfidenceAnalysis analysis)
    {
        var factors = analysis.ConfidenceFactors.Select(factor => Row(new(factor.Title), new($"{factor.Weight:0.00}", Tone.Dim),
            new($"{factor.Value:0.00}", Tones.Of(factor.Value)), new($"{factor.Contribution:0.000}")));
        var leftOut = analysis.FactorsLeftOut.Select(factor => Row(new(factor.Title, Tone.Dim), new($"{factor.Weight:0.00}", Tone.Dim),
            new("-", Tone.Dim), new("left out", Tone.Dim)));
        var tone = Tones.Of(analysis.Level);
        var overall = Row(new("Overall", tone), new(""), new(analysis.OverallScore is { } score ? $"{score:0.00}" : "-", tone),
            new(Summary.Level(analysis.Level).ToLowerInvariant(), tone));
        return new("Score", [new("Factor"), new("Weight", Side.Right), new("Value", Side.Right), new("Contribution", Side.Right)],
            [.. factors, .. leftOut, overall],
            $"confidence in this score: {analysis.ScoreConfidence:0.00}");
    }

    private static TableModel Criteria(PrConfidenceReport report, int maxRows) => Table(
        "Criteria", [new("Id"), new("Criterion"), new("Verdict"), new("Sure", Side.Right), new("Best evidence")],
        report.CrossReferenceAnalysis.Criteria, maxRows,
        criterion => Row(
            new(criterion.Id),
            new(Short(criterion.Text)),
            new(criterion.Verdict.Verdict.ToString().ToLowerInvariant(), Tones.Of(criterion.Verdict.Verdict)),
            new($"{criterion.Verdict.Confidence:0.00}", Tone.Dim),
            new(criterion.Verdict.Verdict == Verdict.Missing || criterion.Evidence.IsEmpty ? "-" : Short(criterion.Evidence[0].Where), Tone.Dim)));

    private static TableModel Gaps(PrConfidenceReport report, int maxRows) => Table(
        "Gaps", [new("Severity"), new("What is missing"), new("Where")], report.GapAnalysis.DetectedGaps, maxRows,
        gap => Row(new(gap.Severity.ToString().ToLowerInvariant(), Tones.Of(gap.Severity)), new(Short(gap.Title)),
            new(gap.Where.IsEmpty ? "-" : Short(gap.Where[0]), Tone.Dim)));

    private static TableModel Stale(PrConfidenceReport report, int maxRows) => Table(
        "Stale documents", [new("Document"), new("Name"), new("What changed"), new("Certainty")], report.Documentation?.Mentions ?? [], maxRows,
        mention => Row(new(Short(mention.Where)), new(Short(mention.Name)), new(Short(mention.Reason)),
            new(mention.Certainty.ToString().ToLowerInvariant(), mention.Certainty == Certainty.Definite ? Tone.Bad : Tone.Warning)));

    private static TableModel Notes(PrConfidenceReport report, int maxRows) => Table(
        "Notes", [new("What else to know")], report.Notes, maxRows, note => Row(new Cell(GitText.Cut(Visible.Line(note.Message), MaxNoteChars), Tone.Warning)));

    private static TableModel Table<T>(string title, ImmutableArray<Column> columns, ImmutableArray<T> items, int maxRows, Func<T, ImmutableArray<Cell>> row) =>
        new(title, columns, [.. items.Take(maxRows).Select(row)], items.Length > maxRows ? $"and {items.Length - maxRows} more" : null);

    private static ImmutableArray<Cell> Row(params ImmutableArray<Cell> cells) => cells;

    private static string Short(string text) => GitText.Cut(Visible.Line(text), MaxTextChars);
}

/// <summary>How alarming a result is.</summary>
internal static class Tones
{
    public static Tone Of(double value) => value >= 0.8 ? Tone.Good : value >= 0.5 ? Tone.Warning : Tone.Bad;

    public static Tone Of(ScoreLevel level) => level switch
    {
        ScoreLevel.High => Tone.Good,
        ScoreLevel.Moderate => Tone.Warning,
        ScoreLevel.NotJudged => Tone.Dim,
        _ => Tone.Bad,
    };

    public static Tone Of(Verdict verdict) => verdict switch { Verdict.Met => Tone.Good, Verdict.Missing => Tone.Bad, _ => Tone.Warning };

    public static Tone Of(Severity severity) => severity switch { Severity.Low => Tone.Dim, Severity.Medium => Tone.Warning, _ => Tone.Bad };
}
