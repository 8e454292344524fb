using System.Collections.Immutable;

namespace Baton.Server.PrConfidence;

/// <summary>Which tests the range added, changed or removed; and which files turn out to be tests by what is in them.</summary>
internal static class TestCollector
{
    private const int MaxTests = 500;
    private const int MaxBytesTogether = 64 << 20;

    public static async Task<Asked<TestsFound>> CollectAsync(Repository repository, ImmutableArray<ChangedFile> files, CollectLimits limits,
        CancellationToken cancel)
    {
        // Rust keeps unit tests in the file they test; everywhere else the path decides.
        var readable = files.Where(file => file.Language is not null && (file.Kind == FileKind.Test || file.Language == Languages.Rust)).ToArray();
        var asked = await Blobs.ReadAsync(
            repository, readable.SelectMany(file => new[] { file.OldBlob, file.NewBlob }).OfType<string>(), limits.MaxBlobBytes, MaxBytesTogether, cancel);
        if (asked.Failed(out var error, out var blobs)) return error;

        var touched = new List<TouchedTest>();
        var before = new List<(string File, string Name, int Line)>();
        var after = new HashSet<string>(StringComparer.Ordinal);
        foreach (var file in readable)
        {
            var old = TestsIn(file, file.OldBlob, blobs.Texts);
            var young = TestsIn(file, file.NewBlob, blobs.Texts);
            before.AddRange(old.Select(test => (file.OldPath ?? file.Path, test.Name, test.Line)));
            after.UnionWith(young.Select(test => test.Name));
            touched.AddRange(Touched(file, old.Select(test => test.Name).ToHashSet(StringComparer.Ordinal), young));
        }
        // A test of the same name elsewhere was moved, not removed.
        touched.AddRange(before.Where(test => !after.Contains(test.Name)).Select(test => new TouchedTest(test.File, test.Line, test.Name, TestChange.Removed)));
        ImmutableArray<Note> notes = touched.Count > MaxTests
            ? [new("tests_cut", $"{touched.Count} tests were touched; the first {MaxTests} are listed.")]
            : [];
        return new TestsFound([.. touched.Take(MaxTests)], notes);
    }

    private static (string Name, int Line)[] TestsIn(ChangedFile file, string? blob, IReadOnlyDictionary<string, string> texts) =>
        blob is not null && texts.TryGetValue(blob, out var text) ? [.. TestNames.Find(file.Language!, text)] : [];

    /// <summary>A test reaches from its own line to the next test.</summary>
    private static IEnumerable<TouchedTest> Touched(ChangedFile file, HashSet<string> old, (string Name, int Line)[] tests)
    {
        var changed = ChangedLines(file).ToArray();
        for (var i = 0; i < tests.Length; i++)
        {
            var (name, line) = tests[i];
            var end = i + 1 < tests.Length ? tests[i + 1].Line : int.MaxValue;
            if (!old.Contains(name)) yield return new(file.Path, line, name, TestChange.Added);
            else if (changed.Any(at => at >= line && at < end)) yield return new(file.Path, line, name, TestChange.Changed);
        }
    }

    /// <summary>Numbers at head of the added lines, and of the line after each deletion; blank lines belong to nobody.</summary>
    internal static IEnumerable<int> ChangedLines(ChangedFile file)
    {
        foreach (var hunk in file.Hunks)
        {
            var number = hunk.NewStart;
            foreach (var line in hunk.Lines)
            {
                if (line[0] != ' ' && !line.AsSpan(1).IsWhiteSpace()) yield return number;
                if (line[0] != '-') number++;
            }
        }
    }
}

internal sealed record TestsFound(ImmutableArray<TouchedTest> Tests, ImmutableArray<Note> Notes);
