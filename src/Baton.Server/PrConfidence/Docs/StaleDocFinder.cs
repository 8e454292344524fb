using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Step 4: searches the documents at head for names that the range removed, renamed or altered.</summary>
internal sealed class StaleDocFinder(TimeProvider time)
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase;
    private const int MaxMentioning = 200;

    // A line that tells of a change may name what is gone.
    private static readonly Regex TellsOfChange = new(
        @"\b(remov(ed|es|al)|renam(ed|es)|deprecat\w*|formerly|previously|no longer|used to|was called|replac(ed|es)|instead of|old name|legacy|obsolete|until version|before version|prior to)\b", Options);

    public async Task<StaleDocsResult> FindAsync(StaleDocsRequest request, CancellationToken cancel)
    {
        var limits = request.Limits ?? new();
        var opened = await Repository.OpenAsync(new Git(time), request.Repo, TimeSpan.FromSeconds(limits.TimeoutSeconds), cancel);
        if (opened.Failed(out var error, out var repository)) return new StaleDocsResult.Failed(error);
        var resolved = await Revisions.ResolveAsync(repository, request.Changes.Head.Sha, cancel);
        if (resolved.Failed(out error, out var head)) return new StaleDocsResult.Failed(error);
        var asked = await DocSource.ReadAsync(repository, head, request.Folder, limits, cancel);
        if (asked.Failed(out error, out var docs)) return new StaleDocsResult.Failed(error);

        var names = request.Changes.Names.Where(StaleNames.CanBeStale).ToImmutableArray();
        var touched = request.Changes.Files.Where(file => docs.IsAtHead && file.Kind == FileKind.Docs).ToDictionary(file => file.Path, StringComparer.Ordinal);
        var (mentions, mentioning) = (new List<StaleMention>(), new List<string>());
        foreach (var (path, text) in docs.Texts)
        {
            cancel.ThrowIfCancellationRequested();
            var isMentioning = false;
            foreach (var found in MentionsIn(path, text, names, touched.GetValueOrDefault(path)))
            {
                isMentioning = true;
                if (found is not null) mentions.Add(found);
            }
            if (isMentioning) mentioning.Add(path);
        }
        var notes = docs.Notes;
        if (mentions.Count > limits.MaxFindings) notes = notes.Add(new("stale_cut",
            $"{mentions.Count} stale mentions were found; {limits.MaxFindings} are listed, the certain ones first."));
        return new StaleDocsResult.Found(new()
        {
            Mentions = [.. mentions.OrderBy(mention => mention.Certainty).ThenBy(mention => mention.File, StringComparer.Ordinal)
                .ThenBy(mention => mention.Line).Take(limits.MaxFindings)],
            DocsSearched = docs.Texts.Length,
            DocsMentioning = [.. mentioning.Take(MaxMentioning)],
            NamesSearched = names.Length,
            Notes = notes,
        });
    }

    /// <summary>Each mention of a changed name; null for one that is not stale.</summary>
    private static IEnumerable<StaleMention?> MentionsIn(string path, string text, ImmutableArray<ChangedName> names, ChangedFile? touched)
    {
        // Most documents name none of them: one cheap search decides.
        var candidates = names.Where(name => text.Contains(StaleNames.Needle(name), StringComparison.Ordinal)).ToArray();
        if (candidates.Length == 0) yield break;
        var written = touched is null ? [] : AddedLines(touched);
        foreach (var line in DocLines.Read(path, text))
        {
            foreach (var name in candidates)
            {
                if (Mentions.Find(line, name, path) < 0) continue;
                var isExplained = line.IsHistory || TellsOfChange.IsMatch(line.Text)
                    || (name.RenamedTo is { } now && StillThere.PositionOf(line.Text, now) >= 0);
                yield return isExplained ? null : StaleNames.Judge(name, line, path, isTouched: touched is not null, isNewLine: written.Contains(line.Number));
            }
        }
    }

    private static HashSet<int> AddedLines(ChangedFile file)
    {
        var numbers = new HashSet<int>();
        foreach (var hunk in file.Hunks)
        {
            var number = hunk.NewStart;
            foreach (var line in hunk.Lines)
            {
                if (line[0] == '+') numbers.Add(number);
                if (line[0] != '-') number++;
            }
        }
        return numbers;
    }
}
