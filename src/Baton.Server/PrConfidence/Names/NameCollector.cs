using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Reads the changed files on both sides and says which names the range added, removed, renamed or altered.</summary>
internal static class NameCollector
{
    private const int MaxBytesTogether = 64 << 20;

    public static async Task<Asked<NamesChecked>> CollectAsync(
        Repository repository, string head, ImmutableArray<ChangedFile> files, CollectLimits limits, CancellationToken cancel)
    {
        var readable = files.Where(file => file.Kind is FileKind.Code or FileKind.Config && (file.Language is not null || file.Kind == FileKind.Config))
            .ToArray();
        var asked = await Blobs.ReadAsync(
            repository, readable.SelectMany(file => new[] { file.OldBlob, file.NewBlob }).OfType<string>(), limits.MaxBlobBytes, MaxBytesTogether, cancel);
        if (asked.Failed(out var error, out var blobs)) return error;

        var notes = ImmutableArray.CreateBuilder<Note>();
        // A file of which one side is unreadable is left out whole: else all its names would look removed or new.
        var unread = blobs.TooLarge.Concat(blobs.Missing).ToHashSet(StringComparer.Ordinal);
        var sides = readable.Where(file => !IsIn(unread, file.OldBlob) && !IsIn(unread, file.NewBlob)).Select(file => Sides(file, blobs.Texts)).ToArray();
        if (sides.Length < readable.Length) notes.Add(new("names_unread",
            $"The names of {readable.Length - sides.Length} changed files were not compared: the files are too large or their contents are not in this clone."));

        var names = NameDiff.Compare(sides).AddRange(Files(files));
        if (names.Length > limits.MaxNames)
        {
            notes.Add(new("names_cut", $"{names.Length} names changed; the {limits.MaxNames} most telling are listed, removed and renamed ones first."));
            names = [.. names.OrderBy(name => name.Change switch { NameChange.Removed or NameChange.Renamed => 0, NameChange.Altered => 1, _ => 2 })
                .Take(limits.MaxNames)];
        }
        var checkedNames = await StillThere.CheckAsync(repository, head, [.. names.Select(name => name with { Commit = CommitOf(name, files) })], cancel);
        if (checkedNames.Failed(out error, out var result)) return error;
        return new NamesChecked(result.Names, result.Notes.AddRange(notes));
    }

    private static bool IsIn(HashSet<string> ids, string? id) => id is not null && ids.Contains(id);

    private static FileSides Sides(ChangedFile file, IReadOnlyDictionary<string, string> texts)
    {
        return new(file, file.Language ?? "config", Read(file.OldBlob, file.OldPath ?? file.Path), Read(file.NewBlob, file.Path));

        ImmutableArray<Declaration> Read(string? blob, string path)
        {
            if (blob is null || !texts.TryGetValue(blob, out var text)) return [];
            if (file.Kind == FileKind.Config) return [.. ConfigKeys.Find(path, text)];
            var lines = SourceLines.Read(text, file.Language!);
            return [.. Languages.Declarations(file.Language!, lines), .. SurfaceNames.Find(lines)];
        }
    }

    /// <summary>Files are names too: documents point at them.</summary>
    private static IEnumerable<ChangedName> Files(ImmutableArray<ChangedFile> files) =>
        from file in files
        where file.Status is FileStatus.Deleted or FileStatus.Renamed && file.Kind is not (FileKind.Generated or FileKind.Submodule)
        select new ChangedName
        {
            Name = file.OldPath ?? file.Path,
            Kind = NameKind.File,
            Change = file.Status == FileStatus.Renamed ? NameChange.Renamed : NameChange.Removed,
            RenamedTo = file.Status == FileStatus.Renamed ? file.Path : null,
            Language = file.Language ?? "path",
            File = file.OldPath ?? file.Path,
            Line = 1,
            Commit = file.Commits.LastOrDefault(),
            StillUsedIn = [],
        };

    private static string? CommitOf(ChangedName name, ImmutableArray<ChangedFile> files)
    {
        if (name.Commit is not null) return name.Commit;
        var file = files.FirstOrDefault(candidate => candidate.Path == name.File || candidate.OldPath == name.File);
        if (file is null) return null;
        var isOld = name.Change is NameChange.Removed or NameChange.Renamed;
        var hunk = file.Hunks.FirstOrDefault(hunk => isOld
            ? name.Line >= hunk.OldStart && name.Line < hunk.OldStart + hunk.OldCount
            : name.Line >= hunk.NewStart && name.Line < hunk.NewStart + hunk.NewCount);
        return hunk?.Commits.FirstOrDefault() ?? file.Commits.LastOrDefault();
    }
}
