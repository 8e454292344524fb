using System.Diagnostics;
using System.Text;
using Baton.Server.PrConfidence;

namespace Baton.Server.Tests.PrConfidence;

/// <summary>A real repository in a temporary folder. Authors and dates are fixed, so commit ids are the same in every run.</summary>
public sealed class GitFixture : IDisposable
{
    private int minutes;

    public GitFixture(bool init = true)
    {
        Folder = NewFolder();
        if (init) Git("init", "--quiet", "--initial-branch=main");
    }

    public string Folder { get; }

    public static string NewFolder() => Directory.CreateTempSubdirectory("baton-prc-").FullName;

    public GitFixture Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    public GitFixture Write(string path, byte[] bytes)
    {
        var full = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllBytes(full, bytes);
        return this;
    }

    public GitFixture Delete(string path)
    {
        File.Delete(Path.Combine(Folder, path));
        return this;
    }

    public GitFixture Branch(string name)
    {
        Git("switch", "--quiet", "-c", name);
        return this;
    }

    public string Commit(string message, string author = "Ada Quist")
    {
        Git("add", "-A");
        Git("-c", $"user.name={author}", "commit", "--quiet", "--allow-empty", "--no-gpg-sign", "-m", message);
        return Git("rev-parse", "HEAD").Trim();
    }

    public string Git(params string[] arguments) => Encoding.UTF8.GetString(Run(arguments));

    public byte[] Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("git") { WorkingDirectory = Folder, RedirectStandardOutput = true, RedirectStandardError = true,
            UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        var date = $"2026-03-02T10:{minutes / 60 % 60:00}:{minutes++ % 60:00}+00:00";
        foreach (var (name, value) in new[]
        {
            ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("LC_ALL", "C"),
            ("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date), ("GIT_AUTHOR_EMAIL", "a@example.org"), ("GIT_COMMITTER_NAME", "Test"),
                ("GIT_COMMITTER_EMAIL", "t@example.org"),
        }) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        using var output = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(output);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"git {string.Join(' ', arguments)}: {errors.Result}");
        return output.ToArray();
    }

    internal async Task<ChangeSet> CollectAsync(string from = "main", string to = "HEAD", CollectLimits? limits = null) =>
        await ResultAsync(from, to, limits) switch
    {
        CollectResult.Collected collected => collected.Changes,
        CollectResult.Failed failed => throw new InvalidOperationException(failed.Message),
        _ => throw new UnreachableException(),
    };

    internal Task<CollectResult> ResultAsync(string from, string to, CollectLimits? limits = null) =>
        new RangeCollector(TimeProvider.System).CollectAsync(new(Folder, from, to, limits), TestContext.Current.CancellationToken);

    public void Dispose()
    {
        foreach (var file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories)) File.SetAttributes(file, FileAttributes.Normal);
        Directory.Delete(Folder, recursive: true);
    }
}
