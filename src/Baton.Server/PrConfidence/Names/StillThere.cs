using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Baton.Server.PrConfidence;

/// <summary>Looks up, in all files at head, the names that the changed files no longer declare.</summary>
internal static class StillThere
{
    private const int MaxNames = 400;
    private const int MaxGrepBytes = 4 << 20;
    private const int MaxUses = 5;

    // Generous on purpose: a name wrongly believed to be still defined costs a finding, the opposite costs the reader's trust.
    private static readonly Regex Definition = new(
        @"\b(class|struct|interface|enum|record|trait|type|union|func|fn|def|function|const|static|let|var|val|public|protected|internal|export|pub|delegate|namespace|define|abstract|final)\b[^=]*$",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture);

    /// <returns>The same names; those gone from their file carry where they are defined or used elsewhere.</returns>
    public static async Task<Asked<NamesChecked>> CheckAsync(Repository repository, string head, ImmutableArray<ChangedName> names, CancellationToken cancel)
    {
        var gone = names.Where(IsGone).Select(name => name.Name).Where(name => !name.Contains('\n', StringComparison.Ordinal))
            .Distinct(StringComparer.Ordinal).ToArray();
        var looked = gone.Take(MaxNames).ToHashSet(StringComparer.Ordinal);
        if (looked.Count == 0) return new NamesChecked(names, []);

        var outcome = await repository.RunAsync(
            ["grep", "-I", "-n", "-z", "-w", "-F", "--no-color", "--full-name", "-f", "-", head, "--"],
            MaxGrepBytes, Encoding.UTF8.GetBytes(string.Concat(looked.Select(name => name + "\n"))), cancel);
        // Exit code 1 says that nothing was found.
        if (outcome is not GitOutcome.Ran { ExitCode: 0 or 1 } and not GitOutcome.Ran { Truncated: true }) return GitError.Of(outcome, "grep");
        var ran = (GitOutcome.Ran)outcome;
        var surface = names.Where(name => name.Kind is NameKind.Flag or NameKind.Route or NameKind.Variable).Select(name => name.Name)
            .ToHashSet(StringComparer.Ordinal);
        var (defined, used) = Read(ran.Output, looked, surface);
        var notes = ImmutableArray.CreateBuilder<Note>();
        if (ran.Truncated) notes.Add(new("names_search_cut",
            "The search for remaining uses of removed names gave too many matches; names beyond that point count as gone only in the changed files."));
        if (gone.Length > MaxNames) notes.Add(new("names_search_cut",
            $"Only the first {MaxNames} of {gone.Length} removed names were searched for in the rest of the repository."));
        return new NamesChecked([.. names.Select(name => IsGone(name) ? Checked(name, defined, used) : name)], notes.ToImmutable());
    }

    private static bool IsGone(ChangedName name) => name.Change is NameChange.Removed or NameChange.Renamed
        && name.Kind is not (NameKind.File or NameKind.ConfigKey);

    private static ChangedName Checked(ChangedName name, Dictionary<string, string> defined, ILookup<string, string> used) => name with
    {
        DefinedElsewhere = defined.GetValueOrDefault(name.Name),
        StillUsedIn = [.. used[name.Name].Take(MaxUses)],
    };

    private static (Dictionary<string, string> Defined, ILookup<string, string> Used) Read(ReadOnlyMemory<byte> output, HashSet<string> names,
        HashSet<string> surface)
    {
        var defined = new Dictionary<string, string>(StringComparer.Ordinal);
        var used = new List<(string Name, string Where)>();
        foreach (var line in GitText.Lines(output))
        {
            // "HEAD:path NUL line NUL text"
            var parts = GitText.SplitAtNul(line).Take(3).ToArray();
            if (parts.Length < 3 || parts[0].Span.IndexOf((byte)':') is not (> 0 and var colon)) continue;
            var path = GitText.Path(parts[0].Span[(colon + 1)..]);
            var kind = FileKinds.Of(path);
            if (kind is FileKind.Docs or FileKind.Generated) continue;
            var text = GitText.Cut(GitText.Content(parts[2].Span), 500);
            var number = Encoding.ASCII.GetString(parts[1].Span);
            if (!int.TryParse(number, CultureInfo.InvariantCulture, out _)) continue;
            foreach (var name in names)
            {
                if (PositionOf(text, name) is not (>= 0 and var at)) continue;
                var where = $"{path}:{number}";
                // An option, a route or a variable has no declaration: where code names it, it works.
                if (kind == FileKind.Code && (surface.Contains(name) || ((at == 0 || text[at - 1] != '.')
                    && Definition.IsMatch(text[..at])))) defined.TryAdd(name, where);
                else if (kind is FileKind.Code or FileKind.Test or FileKind.Config) used.Add((name, where));
            }
        }
        return (defined, used.ToLookup(item => item.Name, item => item.Where, StringComparer.Ordinal));
    }

    /// <summary>
    /// Where the whole name stands in the text; -1 if only as a part of a longer one. "--since-id" does not contain "--since", nor "/a/b"
    /// "/a".
    /// </summary>
    internal static int PositionOf(string text, string name, int from = 0)
    {
        for (var at = text.IndexOf(name, from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.Ordinal))
        {
            var end = at + name.Length;
            var isFree = (at == 0 || !IsPart(text[at - 1])) && (end == text.Length || !IsPart(text[end]));
            var goesOn = end < text.Length && ((name[0] == '-' && text[end] == '-') || (name[0] == '/' && text[end] is '/' or '{' or '<' or '-'));
            if (isFree && !goesOn) return at;
        }
        return -1;

        static bool IsPart(char c) => char.IsLetterOrDigit(c) || c == '_';
    }
}

internal sealed record NamesChecked(ImmutableArray<ChangedName> Names, ImmutableArray<Note> Notes);
