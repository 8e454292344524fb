using System.Diagnostics;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

public sealed class GitErrorTests : IDisposable
{
    private readonly GitFixture git = new();

    public GitErrorTests() => git.Write("a.txt", "1\n").Commit("Start");

    public void Dispose() => git.Dispose();

    private async Task<CollectResult.Failed> FailAsync(string from, string to) => Assert.IsType<CollectResult.Failed>(await git.ResultAsync(from, to));

    [Theory]
    [InlineData("mian", "main")]
    [InlineData("MAIN", "main")]
    [InlineData("release-1.2", "release/1.2")]
    public async Task A_misspelt_revision_is_answered_with_the_nearest_name(string asked, string meant)
    {
        git.Git("branch", "release/1.2");
        var failed = await FailAsync(asked, "HEAD");
        Assert.Equal(meant, Assert.IsType<GitError.UnknownRevision>(failed.Error).Suggestion);
        Assert.Equal($"revision '{asked}' does not exist in {git.Folder}; did you mean '{meant}'?", failed.Message);
    }

    [Fact]
    public async Task A_revision_like_no_other_is_answered_without_a_suggestion()
    {
        var failed = await FailAsync("main", "utterly-different");
        Assert.Null(Assert.IsType<GitError.UnknownRevision>(failed.Error).Suggestion);
        Assert.Contains("fetch it", failed.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--output=/tmp/x", "begins with '-'")]
    [InlineData("-h", "begins with '-'")]
    [InlineData("", "is empty")]
    [InlineData("^main", "begins with '^'")]
    [InlineData("a..b", "range")]
    [InlineData("a\nb", "control character")]
    [InlineData("a\0b", "control character")]
    public async Task A_revision_that_could_mean_something_else_to_git_is_refused(string revision, string why)
    {
        var failed = await FailAsync(revision, "HEAD");
        Assert.IsType<GitError.RevisionRefused>(failed.Error);
        Assert.Contains(why, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_branch_whose_name_begins_with_a_dash_cannot_be_reached_as_an_option()
    {
        var sha = git.Git("rev-parse", "HEAD").Trim();
        git.Write(".git/refs/heads/--version", sha + "\n");
        Assert.IsType<GitError.RevisionRefused>((await FailAsync("--version", "HEAD")).Error);
    }

    [Fact]
    public async Task A_folder_that_does_not_exist_is_named()
    {
        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new("/nowhere/at all", "a", "b"), TestContext.Current.CancellationToken);
        Assert.Equal("the folder /nowhere/at all does not exist; give the path of a Git repository", Assert.IsType<CollectResult.Failed>(result).Message);
    }

    [Fact]
    public async Task A_folder_without_a_repository_is_named()
    {
        using var empty = new GitFixture(init: false);
        var result = await empty.ResultAsync("a", "b");
        Assert.IsType<GitError.NotARepository>(Assert.IsType<CollectResult.Failed>(result).Error);
    }

    [Fact]
    public async Task A_repository_without_commits_has_no_revisions()
    {
        using var fresh = new GitFixture();
        Assert.IsType<GitError.UnknownRevision>(Assert.IsType<CollectResult.Failed>(await fresh.ResultAsync("main", "HEAD")).Error);
    }

    [Fact]
    public async Task Histories_without_a_common_ancestor_cannot_be_compared()
    {
        git.Git("checkout", "--quiet", "--orphan", "other");
        git.Commit("Other");
        var failed = await FailAsync("main", "other");
        Assert.IsType<GitError.NoCommonAncestor>(failed.Error);
        Assert.Contains("unrelated", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shallow_clone_that_lacks_the_common_ancestor_says_how_to_get_it()
    {
        git.Branch("topic").Write("b.txt", "1\n").Commit("Topic");
        git.Git("switch", "--quiet", "main");
        git.Write("a.txt", "2\n").Commit("Main goes on");
        using var shallow = new GitFixture(init: false);
        var clone = Path.Combine(shallow.Folder, "clone");
        shallow.Git("clone", "--quiet", "--depth=1", "--no-single-branch", "file://" + git.Folder, clone);

        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new(clone, "main", "origin/topic"), TestContext.Current.CancellationToken);

        Assert.Contains("--unshallow", Assert.IsType<CollectResult.Failed>(result).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_partial_clone_fetches_nothing_and_says_so()
    {
        git.Branch("topic").Write("b.txt", "1\n").Commit("Topic");
        git.Git("config", "uploadpack.allowFilter", "true");
        using var partial = new GitFixture(init: false);
        var clone = Path.Combine(partial.Folder, "clone");
        partial.Git("clone", "--quiet", "--filter=blob:none", "--no-checkout", "file://" + git.Folder, clone);

        var result = await new RangeCollector(TimeProvider.System).CollectAsync(new(clone, "origin/main", "origin/topic"), TestContext.Current.CancellationToken);

        Assert.IsType<GitError.ContentsMissing>(Assert.IsType<CollectResult.Failed>(result).Error);
    }

    [Fact]
    public async Task A_damaged_repository_is_an_error_and_no_exception()
    {
        const string emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        var tree = git.Git("rev-parse", "HEAD^{tree}").Trim();
        git.Git("hash-object", "-w", "-t", "tree", "/dev/null");
        var next = git.Git("-c", "user.name=Ada", "commit-tree", "-p", "HEAD", "-m", "x", emptyTree).Trim();
        var path = Path.Combine(git.Folder, ".git", "objects", tree[..2], tree[2..]);
        File.SetAttributes(path, FileAttributes.Normal);
        File.WriteAllText(path, "damaged");
        var failed = await FailAsync("main", next);
        Assert.IsType<GitError.Failed>(failed.Error);
    }

    [Fact]
    public async Task A_missing_git_is_an_error_and_no_exception()
    {
        var outcome = await new Git(TimeProvider.System, "no-such-git").RunAsync(new(git.Folder, ["status"]), TestContext.Current.CancellationToken);
        Assert.IsType<GitOutcome.NotInstalled>(outcome);
    }

    [Fact]
    public async Task A_command_that_does_not_end_is_ended_after_its_time()
    {
        var program = Script("exec tail -f /dev/null");
        var outcome = await new Git(new DueAtOnce(), program).RunAsync(new(git.Folder, []), TestContext.Current.CancellationToken);
        Assert.IsType<GitOutcome.TimedOut>(outcome);
    }

    [Fact]
    public async Task Cancellation_ends_the_command_and_what_it_has_started()
    {
        // The grandchild holds the pipe open: the pipe ends when the grandchild does.
        var fifo = Path.Combine(git.Folder, "fifo");
        using (var made = Process.Start("mkfifo", fifo)) await made.WaitForExitAsync(TestContext.Current.CancellationToken);
        var program = Script($"(echo up; exec tail -f /dev/null) > '{fifo}' &\nwait");
        using var cancel = new CancellationTokenSource();

        var running = new Git(TimeProvider.System, program).RunAsync(new(git.Folder, []), cancel.Token);
        await Task.Run(
            () =>
            {
                using var pipe = new StreamReader(File.OpenRead(fifo));
                Assert.Equal("up", pipe.ReadLine());
                cancel.Cancel();
                Assert.Null(pipe.ReadLine());
            }, TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [Fact]
    public async Task Output_beyond_the_limit_ends_the_command()
    {
        var program = Script("exec yes");
        var outcome = await new Git(TimeProvider.System, program).RunAsync(new(git.Folder, []) { MaxOutputBytes = 100_000 },
            TestContext.Current.CancellationToken);
        var ran = Assert.IsType<GitOutcome.Ran>(outcome);
        Assert.True(ran.Truncated);
        Assert.Equal(100_000, ran.Output.Length);
    }

    [Fact]
    public async Task A_bundle_becomes_a_repository_once()
    {
        var bundle = Path.Combine(git.Folder, "x.bundle");
        git.Git("bundle", "create", "--quiet", bundle, "main");
        var target = Path.Combine(git.Folder, "unpacked");
        var unpack = new RepositoryBundle(TimeProvider.System);

        Assert.IsType<UnpackResult.Unpacked>(await unpack.UnpackAsync(bundle, target, TestContext.Current.CancellationToken));
        Assert.IsType<UnpackResult.FolderTaken>(await unpack.UnpackAsync(bundle, target, TestContext.Current.CancellationToken));
        Assert.IsType<UnpackResult.BundleMissing>(await unpack.UnpackAsync(bundle + "2", target, TestContext.Current.CancellationToken));
        File.WriteAllText(bundle, "no bundle");
        Assert.IsType<UnpackResult.Failed>(await unpack.UnpackAsync(bundle, target + "2", TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// A program. The shell writes it: if this process did, a child that another test starts at that moment would inherit the open file, and the
    /// system refuses to run a file that is open for writing.
    /// </summary>
    private string Script(string body)
    {
        var path = Path.Combine(git.Folder, "script.sh");
        using var shell = Process.Start("sh", ["-c", "printf '#!/bin/sh\n%s\n' \"$1\" > \"$2\" && chmod +x \"$2\"", "sh", body, path]);
        shell.WaitForExit();
        return path;
    }

    /// <summary>A clock on which every timer is due as soon as it is set.</summary>
    private sealed class DueAtOnce : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }
}
