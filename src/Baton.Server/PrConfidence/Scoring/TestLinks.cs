using Baton.Server.Words;

namespace Baton.Server.PrConfidence;

/// <summary>Which touched test belongs to which code.</summary>
internal static class TestLinks
{
    /// <summary>
    /// A touched test file is called like the code file ("tracker.py", "test_tracker.py", "TrackerTests.cs"), or its changed lines name something that
    /// the range added or altered in that file, or the file holds its own tests.
    /// </summary>
    public static bool HasTest(ChangedFile code, ChangeSet changes)
    {
        var tests = changes.Files.Where(file => file.Kind == FileKind.Test && file.Status != FileStatus.Deleted && file.Added > 0).ToArray();
        if (changes.Tests.Any(test => test.File == code.Path && test.Change != TestChange.Removed)) return true;
        var stem = Stem(code.Path);
        if (stem.Length > 0 && tests.Any(test => Stem(test.Path) == stem)) return true;
        var names = changes.Names.Select(name => NewNameIn(name, code)).OfType<string>().Where(name => name.Length >= 4).Distinct(StringComparer.Ordinal)
            .ToArray();
        return names.Length > 0 && tests.SelectMany(test => test.Hunks).SelectMany(hunk => hunk.Lines).Where(line => line[0] == '+')
            .Any(line => names.Any(name => StillThere.PositionOf(line, name) >= 0));
    }

    private static string? NewNameIn(ChangedName name, ChangedFile code) => name.Change switch
    {
        NameChange.Added or NameChange.Altered when name.File == code.Path => name.Name,
        NameChange.Renamed when name.File == (code.OldPath ?? code.Path) => name.RenamedTo,
        _ => null,
    };

    /// <summary>The words of the file name without those that mark a test.</summary>
    private static string Stem(string path)
    {
        var name = Path.GetFileName(path);
        name = name.IndexOf('.', 1) is var dot and > 0 ? name[..dot] : name;
        return string.Join(' ', Tokenizer.Words(name).Where(word => word is not ("test" or "tests" or "spec" or "specs" or "it" or "should")));
    }
}
