using System.Collections;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace Baton.Server.PrConfidence;

/// <summary>One call of git. Arguments are passed as an array: no shell ever sees them.</summary>
/// <param name="Folder">Where git runs.</param>
/// <param name="Arguments">The subcommand and its arguments.</param>
internal sealed record GitCommand(string Folder, ImmutableArray<string> Arguments)
{
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>Standard output is read up to this many bytes; then git is ended and the outcome says so. Default 16 MiB.</summary>
    public int MaxOutputBytes { get; init; } = 16 << 20;

    /// <summary>Default 60 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Transports git may use; empty forbids all of them. Only the reading of a bundle needs one ("file").</summary>
    public string AllowedProtocols { get; init; } = "";
}

internal abstract record GitOutcome
{
    private GitOutcome() { }

    /// <summary>Git ended, or was ended because it wrote more than the limit.</summary>
    public sealed record Ran(int ExitCode, ReadOnlyMemory<byte> Output, bool Truncated, string Errors) : GitOutcome
    {
        public bool Succeeded => ExitCode == 0 || Truncated;
        public string Text => Encoding.UTF8.GetString(Output.Span);
    }

    public sealed record TimedOut(TimeSpan After) : GitOutcome;

    public sealed record NotInstalled(string Executable) : GitOutcome;
}

/// <summary>The git command line, run so that nothing in a hostile repository can make it execute a program, ask a question or reach a network.</summary>
internal sealed class Git(TimeProvider time, string executable = "git")
{
    private const int MaxErrorBytes = 64 << 10;
    private const int NoSuchFile = 2;    // the same number on Linux, macOS and Windows

    // A repository's own configuration may name programs (fsmonitor, hooks, gpg, pagers, external diffs) and may change what a diff looks like.
    // Values given on the command line win over it.
    private static readonly ImmutableArray<string> Safe =
    [
        "--no-pager", "--no-replace-objects", "--no-optional-locks", "--literal-pathspecs",
        "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "core.attributesFile=/dev/null", "-c", "core.quotePath=true",
        "-c", "protocol.allow=never", "-c", "log.showSignature=false", "-c", "submodule.recurse=false", "-c", "color.ui=false",
        "-c", "diff.external=", "-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false", "-c", "diff.relative=false",
        "-c", "diff.suppressBlankEmpty=false", "-c", "diff.orderFile=/dev/null", "-c", "diff.algorithm=histogram", "-c", "diff.renameLimit=2000",
        "-c", "diff.interHunkContext=0", "-c", "diff.submodule=short", "-c", "diff.ignoreSubmodules=none",
    ];

    public async Task<GitOutcome> RunAsync(GitCommand command, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var process = new Process { StartInfo = StartOf(command) };
        try
        {
            process.Start();
        }
        catch (Win32Exception failure) when (failure.NativeErrorCode == NoSuchFile)    // the runtime has no other way to tell
        {
            return new GitOutcome.NotInstalled(executable);
        }

        using var deadline = new CancellationTokenSource(command.Timeout, time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancel, deadline.Token);
        // Reads of a pipe do not reliably end by a token; the end of the process tree closes the pipes and so ends them.
        await using var ending = any.Token.Register(() => End(process));
        try
        {
            var input = WriteAsync(process.StandardInput.BaseStream, command.Input, any.Token);
            var errors = ReadAsync(process.StandardError.BaseStream, MaxErrorBytes, drain: true, any.Token);
            var (output, truncated) = await ReadAsync(process.StandardOutput.BaseStream, command.MaxOutputBytes, drain: false, any.Token);
            if (truncated) End(process);
            await input;
            var (errorText, _) = await errors;
            await process.WaitForExitAsync(any.Token);
            any.Token.ThrowIfCancellationRequested();
            return new GitOutcome.Ran(process.ExitCode, output, truncated, Encoding.UTF8.GetString(errorText.Span).Trim());
        }
        catch (Exception) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancel);
        }
        catch (Exception) when (deadline.IsCancellationRequested)
        {
            return new GitOutcome.TimedOut(command.Timeout);
        }
        finally
        {
            End(process);
        }
    }

    private ProcessStartInfo StartOf(GitCommand command)
    {
        var start = new ProcessStartInfo(executable)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = command.Folder,
        };
        foreach (var argument in Safe) start.ArgumentList.Add(argument);
        foreach (var argument in command.Arguments) start.ArgumentList.Add(argument);

        // GIT_DIR, GIT_INDEX_FILE and their like, inherited from a hook, would point git at another repository than the one asked for.
        foreach (var name in Inherited()) start.Environment.Remove(name);
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_ATTR_NOSYSTEM"] = "1";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_OPTIONAL_LOCKS"] = "0";
        start.Environment["GIT_NO_LAZY_FETCH"] = "1";
        start.Environment["GIT_PAGER"] = "cat";
        start.Environment["GIT_ALLOW_PROTOCOL"] = command.AllowedProtocols.Length == 0 ? "none" : command.AllowedProtocols;
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    private static IEnumerable<string> Inherited() =>
        from DictionaryEntry variable in Environment.GetEnvironmentVariables()
        let name = (string)variable.Key
        where name.StartsWith("GIT_", StringComparison.Ordinal)
        select name;

    private static async Task WriteAsync(Stream stream, ReadOnlyMemory<byte> input, CancellationToken cancel)
    {
        try
        {
            await stream.WriteAsync(input, cancel);
            stream.Close();
        }
        catch (IOException)    // git ended before it had read everything; its exit code says why
        {
        }
    }

    private static async Task<(ReadOnlyMemory<byte> Bytes, bool Truncated)> ReadAsync(Stream stream, int maxBytes, bool drain, CancellationToken cancel)
    {
        var bytes = new byte[16 << 10];
        var length = 0;
        while (true)
        {
            if (length == bytes.Length) Array.Resize(ref bytes, Math.Min(bytes.Length * 2, maxBytes + (16 << 10)));
            var read = await stream.ReadAsync(bytes.AsMemory(length), cancel);
            if (read == 0) return (bytes.AsMemory(0, length), false);
            length += read;
            if (length <= maxBytes) continue;
            length = maxBytes;
            if (!drain) return (bytes.AsMemory(0, maxBytes), true);
        }
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
        catch (Exception failure) when (failure is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended between the question and the signal.
        }
    }
}
