using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>One file before and after.</summary>
internal sealed record FileSides(ChangedFile File, string Language, ImmutableArray<Declaration> Before, ImmutableArray<Declaration> After);

/// <summary>What became of each name, by comparing what the changed files declare before and after.</summary>
internal static class NameDiff
{
    public static ImmutableArray<ChangedName> Compare(IReadOnlyList<FileSides> files)
    {
        var removed = new List<(FileSides File, Declaration Name)>();
        var added = new List<(FileSides File, Declaration Name)>();
        var changes = ImmutableArray.CreateBuilder<ChangedName>();
        foreach (var file in files) CompareFile(file, removed, added, changes);
        DropMoved(removed, added);
        PairRenamed(removed, added, changes);
        changes.AddRange(removed.Select(gone => Change(gone.File, gone.Name, NameChange.Removed) with { Before = gone.Name.Signature }));
        changes.AddRange(added.Select(come => Change(come.File, come.Name, NameChange.Added) with { After = come.Name.Signature }));
        return [.. changes.OrderBy(change => change.File, StringComparer.Ordinal).ThenBy(change => change.Line)
            .ThenBy(change => change.Name, StringComparer.Ordinal)];
    }

    private static void CompareFile(
        FileSides file, List<(FileSides, Declaration)> removed, List<(FileSides, Declaration)> added, ImmutableArray<ChangedName>.Builder changes)
    {
        var renamedTypes = RenamedTypes(file);
        var before = file.Before.ToLookup(name => (Container: Follow(name.Container), Name: Simple(name), name.Kind));
        var after = file.After.ToLookup(name => (name.Container, Name: Simple(name), name.Kind));
        foreach (var group in before)
        {
            if (after[group.Key].FirstOrDefault() is not { } now)
            {
                if (group.Key.Kind != NameKind.Constructor) removed.Add((file, group.First()));
                continue;
            }
            var (was, becomes) = (Signatures(group.Select(name => Followed(name, group.Key.Container))), Signatures(after[group.Key]));
            if (was != becomes) changes.Add(Change(file, now, NameChange.Altered) with { Before = was, After = becomes });
        }
        added.AddRange(after.Where(group => group.Key.Kind != NameKind.Constructor && !before.Contains(group.Key)).Select(group => (file, group.First())));

        // A constructor bears the name of its type: alone it is never gone or new, and it follows its type.
        static string Simple(Declaration name) => name.Kind == NameKind.Constructor ? "" : name.Name;

        static Declaration Followed(Declaration name, string? type) => name.Kind == NameKind.Constructor && type is not null && type != name.Name
            ? name with { Signature = name.Signature.Replace(name.Name, type, StringComparison.Ordinal) }
            : name;

        string? Follow(string? container) => container is not null && renamedTypes.TryGetValue(container, out var to) ? to : container;
    }

    /// <summary>Types first: without this, each member of a renamed type would count as removed.</summary>
    private static Dictionary<string, string> RenamedTypes(FileSides file)
    {
        var gone = file.Before.Where(name => name.Kind == NameKind.Type
            && !file.After.Any(other => other.Kind == NameKind.Type && other.Name == name.Name)).ToArray();
        var come = file.After.Where(name => name.Kind == NameKind.Type && !file.Before.Any(other => other.Kind == NameKind.Type
            && other.Name == name.Name)).ToArray();
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (from, to) in Pairs(gone, come)) pairs.TryAdd(from.Name, to.Name);
        return pairs;
    }

    /// <summary>The same name in another file, or under another type, was moved: it is neither gone nor new to a reader.</summary>
    private static void DropMoved(List<(FileSides File, Declaration Name)> removed, List<(FileSides File, Declaration Name)> added)
    {
        var come = added.Select(item => (item.Name.Name, item.Name.Kind)).ToHashSet();
        var moved = removed.Where(item => come.Contains((item.Name.Name, item.Name.Kind))).Select(item => (item.Name.Name, item.Name.Kind)).ToHashSet();
        removed.RemoveAll(item => moved.Contains((item.Name.Name, item.Name.Kind)));
        added.RemoveAll(item => moved.Contains((item.Name.Name, item.Name.Kind)));
    }

    private static void PairRenamed(
        List<(FileSides File, Declaration Name)> removed, List<(FileSides File, Declaration Name)> added, ImmutableArray<ChangedName>.Builder changes)
    {
        foreach (var file in removed.Select(item => item.File).Distinct().ToArray())
        {
            var gone = removed.Where(item => item.File == file).Select(item => item.Name).ToArray();
            var come = added.Where(item => item.File == file).Select(item => item.Name).ToArray();
            foreach (var (from, to) in Pairs(gone, come))
            {
                removed.Remove((file, from));
                added.Remove((file, to));
                changes.Add(Change(file, from, NameChange.Renamed) with { RenamedTo = to.Name, Before = from.Signature, After = to.Signature });
            }
        }
    }

    /// <summary>Most similar first; each name is used once.</summary>
    private static List<(Declaration From, Declaration To)> Pairs(Declaration[] gone, Declaration[] come)
    {
        // Many names on both sides mean that the file was rewritten: pairs would be accidents, and expensive ones.
        if (gone.Length * come.Length > 10_000) return [];
        var pairs = new List<(Declaration From, Declaration To)>();
        var candidates = from old in gone
                         from young in come
                         let likeness = NameSimilarity.Of(old, young)
                         where likeness >= NameSimilarity.Threshold
                         orderby likeness descending, Math.Abs(old.Line - young.Line), old.Line, young.Line
                         select (old, young);
        var used = new HashSet<Declaration>(ReferenceEqualityComparer.Instance);
        foreach (var (old, young) in candidates)
        {
            if (used.Contains(old) || used.Contains(young)) continue;
            used.Add(old);
            used.Add(young);
            pairs.Add((old, young));
        }
        return pairs;
    }

    private static string Signatures(IEnumerable<Declaration> overloads) =>
        GitText.Cut(string.Join(" | ", overloads.Select(name => name.Signature).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)), 500);

    private static ChangedName Change(FileSides file, Declaration name, NameChange change) => new()
    {
        Name = name.Name,
        Container = name.Kind == NameKind.Constructor ? null : name.Container,
        Kind = name.Kind,
        Change = change,
        Language = file.Language,
        File = change is NameChange.Removed or NameChange.Renamed ? file.File.OldPath ?? file.File.Path : file.File.Path,
        Line = name.Line,
        StillUsedIn = [],
    };
}
