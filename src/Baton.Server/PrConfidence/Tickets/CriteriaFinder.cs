using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

internal sealed record CriteriaFound(ImmutableArray<Criterion> Criteria, CriteriaSource Source, ImmutableHashSet<int> Lines, ImmutableArray<Note> Notes);

/// <summary>
/// Looks for acceptance criteria where authors put them, from the plainest sign to the weakest: a section of that name, a checklist, scenarios,
/// a numbered list, and at last sentences with "must" or "should".
/// </summary>
internal static class CriteriaFinder
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;
    private const int MaxCriteria = 100;
    private const int MaxCriterionChars = 1_000;

    private static readonly Regex SectionHeading = new(
        @"^\W*(acceptance(\s+(criteria|criterion|tests?|conditions?))?|acs?|conditions of satisfaction|success criteria|definition of done|requirements|functional requirements)\W*$", Options);

    private static readonly Regex SectionLine = new(@"^\W*(acceptance criteria|acceptance criterion|conditions of satisfaction|success criteria)\s*:?\W*$", Options);
    private static readonly Regex Obligation = new(@"\b(must|should|shall|has to|have to|needs to|need to)\b", Options);
    private static readonly Regex SentenceEnd = new(@"[.!?]+(\s+|$)", Options);

    public static CriteriaFound Find(List<MarkdownLine> lines)
    {
        var section = Section(lines);
        var inSection = section.Count > 0 ? Items(section) : [];
        if (inSection.Count == 0 && section.Count > 0) inSection = Paragraphs(section);
        if (inSection.Count > 0) return Found(inSection, CriteriaSource.Section);

        var boxes = Items([.. lines.Where(line =>
            line.Kind is not (LineKind.Bullet or LineKind.Numbered or LineKind.TableRow or LineKind.Step or LineKind.Scenario))]);
        if (boxes.Count > 0) return Found(boxes, CriteriaSource.Checklist);
        var scenarios = Scenarios(lines);
        if (scenarios.Count > 0) return Found(scenarios, CriteriaSource.Scenarios);
        var numbered = Items([.. lines.Where(line => line.Kind is LineKind.Numbered or LineKind.Text or LineKind.Blank or LineKind.Heading)]);
        if (numbered.Count > 1) return Found(numbered, CriteriaSource.NumberedList);
        var sentences = Obligations(lines);
        if (sentences.Count > 0)
            return Found(sentences, CriteriaSource.Inferred, new Note("criteria_inferred",
                "The ticket lists no acceptance criteria; they were inferred from its sentences with 'must', 'should' and the like."));
        return Found([], CriteriaSource.None,
            new Note("no_criteria", "The ticket has no acceptance criteria and no sentence that obliges: what it asks cannot be checked."));
    }

    /// <param name="Text">Of the criterion.</param>
    /// <param name="Lines">It was made of; the first is its source line.</param>
    private sealed record Draft(string Text, ImmutableArray<int> Lines);

    private static CriteriaFound Found(List<Draft> drafts, CriteriaSource source, params ImmutableArray<Note> notes)
    {
        var usable = drafts.Where(draft => draft.Text.Any(char.IsLetterOrDigit)).ToArray();
        if (usable.Length > MaxCriteria) notes = notes.Add(new("criteria_cut", $"The ticket has {usable.Length} criteria; the first {MaxCriteria} were read."));
        var criteria = usable.Take(MaxCriteria).Select((draft, index) =>
            new Criterion($"AC-{index + 1}", GitText.Cut(draft.Text, MaxCriterionChars), draft.Lines[0])).ToImmutableArray();
        return new(criteria, criteria.IsEmpty && source != CriteriaSource.None ? CriteriaSource.None : source,
            [.. usable.SelectMany(draft => draft.Lines)], notes);
    }

    /// <summary>The lines under each heading that announces criteria, up to the next heading of its level or above.</summary>
    private static List<MarkdownLine> Section(List<MarkdownLine> lines)
    {
        var section = new List<MarkdownLine>();
        var level = 0;
        foreach (var line in lines)
        {
            if (line.Kind == LineKind.Heading)
            {
                if (level > 0 && line.Level <= level) level = 0;
                if (SectionHeading.IsMatch(line.Text)) level = line.Level;
                else if (level > 0) section.Add(new(LineKind.Blank, "", 0, line.Number));
            }
            else if (level == 0 && line.Kind == LineKind.Text && SectionLine.IsMatch(line.Text)) level = 6;
            else if (level > 0) section.Add(line);
        }
        return section;
    }

    /// <summary>List items at the outermost level with what is nested in them, rows of tables, and scenarios.</summary>
    private static List<Draft> Items(List<MarkdownLine> lines)
    {
        var drafts = new List<Draft>();
        var hasBoxes = lines.Exists(line => line.Kind == LineKind.Checkbox);
        var outermost = lines.Where(line => line.IsItem).Select(line => line.Indent).DefaultIfEmpty(0).Min() + 1;
        var isOpen = false;
        var tableRows = 0;
        for (var i = 0; i < lines.Count; i++)
        {
            var line = lines[i];
            var isOuter = line.IsItem && line.Indent <= outermost;
            tableRows = line.Kind == LineKind.TableRow ? tableRows + 1 : 0;
            if (line.Kind == LineKind.Scenario || (line.Kind == LineKind.Step && (isOuter || !isOpen)))
            {
                var (scenario, next) = ScenarioAt(lines, i);
                drafts.Add(scenario);
                i = next - 1;
                isOpen = false;
            }
            else if (isOuter && !(hasBoxes && line.Kind == LineKind.Bullet))
            {
                drafts.Add(new(line.Text, [line.Number]));
                isOpen = true;
            }
            else if (tableRows > 1) drafts.Add(new(string.Join(" — ", Cells(line.Text)), [line.Number]));    // the first row is the header
            else if (isOpen && Continues(line, lines[i - 1]))
                drafts[^1] = new(drafts[^1].Text + (line.IsItem ? "; " : " ") + line.Text, drafts[^1].Lines.Add(line.Number));
            else if (line.Kind is not (LineKind.Blank or LineKind.Code)) isOpen = false;
        }
        return drafts;
    }

    /// <summary>Nested in the item before, or its text carried over to the next line.</summary>
    private static bool Continues(MarkdownLine line, MarkdownLine before) =>
        line.IsItem || line.Kind == LineKind.Step || (line.Kind == LineKind.Text && (line.Indent > 0 || before.Kind != LineKind.Blank));

    private static string[] Cells(string row) => row.Split('|', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static List<Draft> Scenarios(List<MarkdownLine> lines)
    {
        var drafts = new List<Draft>();
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Kind is not (LineKind.Scenario or LineKind.Step)) continue;
            var (scenario, next) = ScenarioAt(lines, i);
            // "When", "Then" and "And" also begin sentences; a scenario has at least two steps, or a name.
            if (scenario.Lines.Length > 1 || lines[i].Kind == LineKind.Scenario) drafts.Add(scenario);
            i = next - 1;
        }
        return drafts;
    }

    /// <summary>
    /// A scenario is kept whole: up to a line that is no step, or to the beginning of another one. That is a second "Given", or a "When" after a
    /// "When" without an outcome between them: authors also write each criterion as one "When ..., ..." line.
    /// </summary>
    private static (Draft Scenario, int Next) ScenarioAt(List<MarkdownLine> lines, int start)
    {
        var (text, numbers) = (lines[start].Text, ImmutableArray.Create(lines[start].Number));
        var (hasGiven, hasWhen, hasThen) = (Begins(lines[start], "given"), Begins(lines[start], "when"), Begins(lines[start], "then"));
        var i = start + 1;
        for (; i < lines.Count; i++)
        {
            var line = lines[i];
            if (line.Kind == LineKind.Blank && i + 1 < lines.Count && lines[i + 1].Kind == LineKind.Step && !hasThen) continue;
            if (line.Kind is not (LineKind.Step or LineKind.TableRow) && !(line.Kind == LineKind.Text && line.Indent > 0)) break;
            if ((hasGiven && Begins(line, "given")) || (hasWhen && !hasThen && Begins(line, "when")) || (hasThen && Begins(line, "given"))) break;
            (hasGiven, hasWhen, hasThen) = (hasGiven || Begins(line, "given"), hasWhen || Begins(line, "when"), hasThen || Begins(line, "then"));
            text += (line.Kind == LineKind.Step ? ", " : " ") + line.Text;
            numbers = numbers.Add(line.Number);
        }
        return (new(text, numbers), i);

        static bool Begins(MarkdownLine line, string word) => line.Text.StartsWith(word, StringComparison.OrdinalIgnoreCase);
    }

    private static List<Draft> Paragraphs(List<MarkdownLine> lines)
    {
        var drafts = new List<Draft>();
        var isOpen = false;
        foreach (var line in lines)
        {
            if (line.Kind != LineKind.Text) isOpen = false;
            else if (isOpen) drafts[^1] = new(drafts[^1].Text + " " + line.Text, drafts[^1].Lines.Add(line.Number));
            else
            {
                drafts.Add(new(line.Text, [line.Number]));
                isOpen = true;
            }
        }
        return drafts;
    }

    private static List<Draft> Obligations(List<MarkdownLine> lines) =>
    [
        .. from line in lines
           where line.Kind is LineKind.Text or LineKind.Bullet or LineKind.Numbered or LineKind.Step
           from sentence in SentenceEnd.Split(line.Text)
           where sentence.Length > 10 && Obligation.IsMatch(sentence)
           select new Draft(sentence.Trim(), [line.Number]),
    ];
}
