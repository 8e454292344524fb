using System.Text;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class RangeCollectorTests : IDisposable
{
    private readonly GitFixture git = new();

    public void Dispose() => git.Dispose();

    private static string Lines(int count, string text = "line") => string.Concat(Enumerable.Range(1, count).Select(i => $"{text} {i}\n"));

    [Fact]
    public async Task The_commits_of_a_range_come_oldest_first_with_subject_and_body()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("a.txt", "2\n");
        var first = git.Commit("Say two\n\nBecause one\nis not enough.", "Ines Falk");
        var second = git.Write("a.txt", "3\n").Commit("Say three");

        var changes = await git.CollectAsync();

        Expect.Texts([first, second], changes.Commits.Select(commit => commit.Sha));
        Assert.Equal(("Say two", "Because one\nis not enough.", "Ines Falk"), (changes.Commits[0].Subject, changes.Commits[0].Body, changes.Commits[0].Author));
        Assert.Equal(2, changes.Totals.Commits);
    }

    [Fact]
    public async Task A_hunk_names_the_commit_that_wrote_it()
    {
        git.Write("a.txt", Lines(40)).Commit("Start");
        git.Branch("topic");
        var top = git.Write("a.txt", "top\n" + Lines(40)).Commit("Add a top");
        var bottom = git.Write("a.txt", "top\n" + Lines(40) + "bottom\n").Commit("Add a bottom");

        var hunks = Assert.Single((await git.CollectAsync()).Files).Hunks;

        Expect.Texts([top], hunks[0].Commits);
        Expect.Texts([bottom], hunks[1].Commits);
        Assert.Equal((1, "+top"), (hunks[0].NewStart, hunks[0].Lines[0]));
        Assert.Equal("+bottom", hunks[1].Lines[^1]);
    }

    [Fact]
    public async Task A_hunk_follows_its_commit_through_a_rename_within_the_range()
    {
        git.Write("old.txt", Lines(30)).Commit("Start");
        git.Branch("topic");
        var wrote = git.Write("old.txt", Lines(30) + "new line\n").Commit("Write");
        git.Git("mv", "old.txt", "new.txt");
        git.Commit("Move");

        var file = Assert.Single((await git.CollectAsync()).Files);

        Assert.Equal((FileStatus.Renamed, "old.txt", "new.txt"), (file.Status, file.OldPath, file.Path));
        Assert.InRange(file.Similarity!.Value, 80, 99);
        Expect.Texts([wrote], Assert.Single(file.Hunks).Commits);
        Assert.Equal(2, file.Commits.Length);
    }

    [Fact]
    public async Task What_base_gained_since_the_branch_left_it_is_not_part_of_the_range()
    {
        git.Write("a.txt", "1\n");
        var start = git.Commit("Start");
        git.Branch("topic").Write("b.txt", "1\n").Commit("Topic");
        git.Git("switch", "--quiet", "main");
        git.Write("a.txt", "2\n").Commit("Main goes on");

        var changes = await git.CollectAsync("main", "topic");

        Assert.Equal("b.txt", Assert.Single(changes.Files).Path);
        Assert.Equal(start, changes.MergeBase);
    }

    [Fact]
    public async Task A_merge_of_base_into_the_branch_adds_nothing_to_the_diff_and_is_noted()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("b.txt", "1\n").Commit("Topic");
        git.Git("switch", "--quiet", "main");
        git.Write("a.txt", "2\n").Commit("Main goes on");
        git.Git("switch", "--quiet", "topic");
        git.Git("-c", "user.name=Ada", "merge", "--quiet", "--no-edit", "main");

        var changes = await git.CollectAsync("main", "topic");

        Assert.Equal("b.txt", Assert.Single(changes.Files).Path);
        Assert.Contains(changes.Commits, commit => commit.IsMerge);
        Assert.Contains(changes.Notes, note => note.Code == "merges");
    }

    [Fact]
    public async Task Names_with_spaces_quotes_newlines_and_umlauts_survive()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        string[] names = ["with space.txt", "with \"quote\".txt", "with\nnewline.txt", "with\ttab.txt", "größe.txt", "-dash.txt", " a b/c d", "b/ b/ x"];
        git.Branch("topic");
        foreach (var name in names) git.Write(name, $"content of {name.Length}\n");
        git.Commit("Add");

        var changes = await git.CollectAsync();

        Expect.Texts(names.Order(StringComparer.Ordinal), changes.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.All(changes.Files, file => Assert.StartsWith("+content", Assert.Single(file.Hunks).Lines[0], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Renames_of_awkward_names_keep_both_names()
    {
        git.Write("old \"name\".txt", Lines(20)).Commit("Start");
        git.Branch("topic");
        git.Git("mv", "old \"name\".txt", "new\nname.txt");
        git.Write("new\nname.txt", Lines(20) + "more\n").Commit("Move");

        var file = Assert.Single((await git.CollectAsync()).Files);

        Assert.Equal(("old \"name\".txt", "new\nname.txt"), (file.OldPath, file.Path));
        Assert.Contains<string>("+more", Assert.Single(file.Hunks).Lines, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Paths_that_are_not_UTF8_show_their_bytes()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic");
        var blob = git.Git("hash-object", "-w", "a.txt").Trim();
        // A path of raw bytes cannot be an argument; a tree takes it from standard input, written by the shell's printf.
        using var shell = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo("sh",
            ["-c", $"printf '100644 {blob}\\tlatin-\\351.txt\\0' | git update-index -z --index-info"]) { WorkingDirectory = git.Folder })!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        git.Git("-c", "user.name=Ada", "commit", "--quiet", "-m", "Add");

        Assert.Equal("latin-\\xE9.txt", Assert.Single((await git.CollectAsync()).Files).Path);
    }

    [Fact]
    public async Task Contents_that_are_not_UTF8_are_read_as_Latin1()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("b.txt", Encoding.Latin1.GetBytes("Grüße\n")).Commit("Add");
        Assert.Equal("+Grüße", Assert.Single(Assert.Single((await git.CollectAsync()).Files).Hunks).Lines[0]);
    }

    [Fact]
    public async Task A_binary_file_has_no_hunks()
    {
        git.Write("logo.png", [0, 1, 2, 3]).Commit("Start");
        git.Branch("topic").Write("logo.png", [0, 1, 2, 4, 5]).Commit("Change");
        var file = Assert.Single((await git.CollectAsync()).Files);
        Assert.Equal((FileKind.Binary, FileStatus.Modified, 0), (file.Kind, file.Status, file.Hunks.Length));
    }

    [Fact]
    public async Task A_file_can_come_go_and_become_a_link()
    {
        git.Write("gone.txt", "gone\n").Write("kind.txt", "text\n").Commit("Start");
        git.Branch("topic").Delete("gone.txt").Delete("kind.txt").Write("come.txt", "come\n");
        File.CreateSymbolicLink(Path.Combine(git.Folder, "kind.txt"), "come.txt");
        git.Commit("Change");

        var files = (await git.CollectAsync()).Files.ToDictionary(file => file.Path, StringComparer.Ordinal);

        Assert.Equal(FileStatus.Deleted, files["gone.txt"].Status);
        Assert.Equal(FileStatus.Added, files["come.txt"].Status);
        Assert.Equal(FileStatus.TypeChanged, files["kind.txt"].Status);
        Assert.Null(files["gone.txt"].NewBlob);
    }

    [Fact]
    public async Task A_moved_submodule_is_listed_and_noted()
    {
        using var inner = new GitFixture();
        inner.Write("x.txt", "1\n").Commit("Inner");
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic");
        git.Git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.Folder, "lib");
        git.Commit("Add a submodule");

        var changes = await git.CollectAsync();

        Assert.Equal(FileKind.Submodule, changes.Files.Single(file => file.Path == "lib").Kind);
        Assert.Contains(changes.Notes, note => note.Code == "submodules");
    }

    [Fact]
    public async Task Two_hundred_and_fifty_files_are_all_listed()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic");
        for (var i = 0; i < 250; i++) git.Write($"src/f{i}.py", $"def handler_{i}(value):\n    return value + {i}\n");
        git.Commit("Add many");

        var changes = await git.CollectAsync();

        Assert.Equal((250, 250, 500), (changes.Files.Length, changes.Totals.Files, changes.Totals.ReviewableLines));
        Assert.Equal(250, changes.Names.Count(name => name.Kind == NameKind.Function));
        Assert.Equal(new DirectoryChurn("src", 250, 500, 0), Assert.Single(changes.Directories));
    }

    [Fact]
    public async Task A_huge_file_is_cut_and_leaves_room_for_the_others()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("huge.txt", Lines(30_000, "a rather long line of text")).Write("small.txt", "small\n").Commit("Add");

        var changes = await git.CollectAsync();
        var files = changes.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);

        Assert.True(files["huge.txt"].IsTruncated);
        Assert.Equal(30_000, files["huge.txt"].Added);
        Assert.InRange(files["huge.txt"].Hunks.Sum(hunk => hunk.Lines.Sum(line => line.Length)), 60_000, 64 << 10);
        Assert.False(files["small.txt"].IsTruncated);
        Assert.Contains(changes.Notes, note => note.Code == "hunks_cut");
    }

    [Fact]
    public async Task A_diff_beyond_the_byte_limit_is_cut_with_a_note_and_every_file_is_still_listed()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic");
        for (var i = 0; i < 20; i++) git.Write($"f{i:00}.txt", Lines(100));
        git.Commit("Add");

        var changes = await git.CollectAsync(limits: new(MaxDiffBytes: 8_000));

        Assert.Equal(20, changes.Files.Length);
        Assert.Contains(changes.Notes, note => note.Code == "diff_cut");
        Assert.True(changes.Files[^1].IsTruncated);
        Assert.False(changes.Files[0].IsTruncated);
    }

    [Fact]
    public async Task A_long_line_is_cut_with_an_ellipsis()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("b.txt", new string('x', 5_000) + "\n").Commit("Add");
        var line = Assert.Single((await git.CollectAsync()).Files).Hunks[0].Lines[0];
        Assert.Equal((301, '…'), (line.Length, line[^1]));
    }

    [Fact]
    public async Task Limits_on_files_and_commits_are_noted()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic");
        for (var i = 0; i < 4; i++) git.Write($"f{i}.txt", "x\n").Commit($"Add file {i}");

        var changes = await git.CollectAsync(limits: new(MaxFiles: 2, MaxCommits: 3));

        Assert.Equal((2, 4), (changes.Files.Length, changes.Totals.Files));
        Expect.Texts(["Add file 1", "Add file 2", "Add file 3"], changes.Commits.Select(commit => commit.Subject));
        Assert.Equal(4, changes.Totals.Commits);
        Assert.Contains(changes.Notes, note => note.Code == "files_cut");
        Assert.Contains(changes.Notes, note => note.Code == "commits_cut");
    }

    [Fact]
    public async Task Generated_files_are_listed_without_their_lines()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("package-lock.json", Lines(500)).Write("src/app.ts", "export const a = 1;\n").Commit("Add");

        var changes = await git.CollectAsync();

        Assert.Empty(changes.Files.Single(file => file.Kind == FileKind.Generated).Hunks);
        Assert.Equal(1, changes.Totals.ReviewableLines);
        Assert.Contains(changes.Notes, note => note.Code == "generated_skipped");
    }

    [Fact]
    public async Task Base_and_head_may_be_the_same()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        var changes = await git.CollectAsync("main", "main");
        Assert.Empty(changes.Files);
        Assert.Empty(changes.Commits);
        Assert.Contains(changes.Notes, note => note.Code == "empty_range");
    }

    [Fact]
    public async Task A_head_that_base_already_contains_is_an_empty_range()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Git("tag", "old");
        git.Write("a.txt", "2\n").Commit("Next");
        var changes = await git.CollectAsync("main", "old");
        Assert.Empty(changes.Files);
        Assert.Contains("swapped", Assert.Single(changes.Notes).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bare_repository_is_read_like_any_other()
    {
        git.Write("a.txt", "1\n").Commit("Start");
        git.Branch("topic").Write("b.txt", "1\n").Commit("Topic");
        using var bare = new GitFixture(init: false);
        git.Git("clone", "--quiet", "--mirror", git.Folder, Path.Combine(bare.Folder, "x.git"));

        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new(Path.Combine(bare.Folder, "x.git"), "main", "topic"),
            TestContext.Current.CancellationToken);

        Assert.Equal("b.txt", Assert.Single(Assert.IsType<CollectResult.Collected>(result).Changes.Files).Path);
    }

    [Fact]
    public async Task A_shallow_clone_is_read_as_far_as_it_goes_and_noted()
    {
        for (var i = 0; i < 5; i++) git.Write("a.txt", $"{i}\n").Commit($"Step {i}");
        using var shallow = new GitFixture(init: false);
        var clone = Path.Combine(shallow.Folder, "clone");
        shallow.Git("clone", "--quiet", "--depth=3", "file://" + git.Folder, clone);

        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new(clone, "HEAD~1", "HEAD"), TestContext.Current.CancellationToken);

        var changes = Assert.IsType<CollectResult.Collected>(result).Changes;
        Assert.Equal("Step 4", Assert.Single(changes.Commits).Subject);
        Assert.Contains(changes.Notes, note => note.Code == "shallow");
    }

    [Fact]
    public async Task Touched_tests_are_those_added_changed_or_removed_by_name()
    {
        git.Write("tests/test_a.py", "def test_stays():\n    assert 1\n\n\ndef test_changes():\n    assert 1\n\n\ndef test_goes():\n    assert 1\n")
            .Commit("Start");
        git.Branch("topic").Write("tests/test_a.py",
            "def test_stays():\n    assert 1\n\n\ndef test_changes():\n    assert 2\n\n\ndef test_comes():\n    assert 3\n").Commit("Change");

        var tests = (await git.CollectAsync()).Tests;

        Assert.Equal([("test_changes", TestChange.Changed), ("test_comes", TestChange.Added), ("test_goes", TestChange.Removed)],
            tests.Select(test => (test.Name, test.Change)));
        Assert.Equal(9, tests[1].Line);
    }

    [Fact]
    public async Task What_a_repository_configures_does_not_change_or_run_anything()
    {
        git.Write("a.txt", "1\n").Write(".gitattributes", "*.txt diff=evil\n").Commit("Start");
        git.Branch("topic").Write("a.txt", "2\n").Commit("Change");
        var trap = Path.Combine(git.Folder, "trapped");
        foreach (var (key, value) in new[]
        {
            ("core.fsmonitor", $"touch {trap}"), ("diff.external", $"touch {trap}"), ("diff.evil.command", $"touch {trap}"),
                ("diff.evil.textconv", $"touch {trap}; cat"), ("core.pager", $"touch {trap}"),
            ("gpg.program", $"touch {trap}"), ("log.showSignature", "true"), ("diff.noprefix", "true"), ("diff.mnemonicPrefix", "true"),
                ("color.ui", "always"), ("color.diff", "always"),
            ("diff.renames", "false"), ("log.date", "relative"), ("format.pretty", "oneline"), ("diff.orderFile", "missing"), ("diff.context", "0"),
                ("core.quotePath", "false"), ("core.abbrev", "4"),
        }) git.Git("config", key, value);

        var file = Assert.Single((await git.CollectAsync()).Files);

        Expect.Texts(["-1", "+2"], Assert.Single(file.Hunks).Lines);
        Assert.False(File.Exists(trap));
    }

    [Fact]
    public async Task The_same_range_gives_the_same_result()
    {
        git.Write("a.py", "def one():\n    pass\n").Commit("Start");
        git.Branch("topic").Write("a.py", "def two():\n    pass\n").Write("b.py", "X = 1\n").Commit("Change");
        var (first, second) = (await git.CollectAsync(), await git.CollectAsync());
        Expect.Texts(Told(first), Told(second));

        static IEnumerable<string> Told(ChangeSet changes) =>
            changes.Files.SelectMany(file => file.Hunks.SelectMany(hunk => hunk.Lines).Prepend($"{file.Path} {file.Status} {file.NewBlob}"))
                .Concat(changes.Names.Select(name => $"{name.Change} {name.Name} {name.Commit}")).Concat(changes.Commits.Select(commit => commit.Sha));
    }
}
