using System.Collections.Immutable;
using System.ComponentModel;
using System.Diagnostics;
using System.IO.Pipes;
using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Processes;

/// <summary>What to run.</summary>
/// <param name="Kind">How messages name it: "shell command", "JavaScript" or "Python script".</param>
/// <param name="Script">Written to this name in the working folder beforehand; null for none.</param>
internal sealed record ProcessCommand(
    string Kind, string Program, ImmutableArray<string> Arguments, (string Name, string Text)? Script, ImmutableArray<KeyValuePair<string, string>> Environment, string? Stdin);

internal sealed record ProcessOutcome(int Code, string Stdout, string Stderr, string StderrEnd);

/// <summary>
/// One process in a folder of its own, which goes when the process has gone. Its environment holds PATH, HOME and TMPDIR (that folder), LANG, and
/// what the document names: nothing of the server's. What it leaves running when it ends is ended too.
/// </summary>
internal sealed class ProcessRun : IAsyncDisposable
{
    // How long the pipes and the death of killed processes are waited for.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly ProcessCommand command;
    private readonly Process process;
    private readonly DirectoryInfo folder;
    private readonly OutputCapture stdout;
    private readonly OutputCapture stderr;
    private readonly CancellationTokenSource stopPipes = new();
    private readonly Task pipes;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private bool isOver;

    private ProcessRun(ProcessCommand command, Process process, DirectoryInfo folder, int maxOutput, TimeProvider time, ILogger log)
    {
        (this.command, this.process, this.folder, this.time, this.log) = (command, process, folder, time, log);
        (stdout, stderr) = (new OutputCapture(maxOutput), new OutputCapture(maxOutput));
        pipes = Task.WhenAll(
            stdout.ReadAsync((PipeStream)process.StandardOutput.BaseStream, stopPipes.Token),
            stderr.ReadAsync((PipeStream)process.StandardError.BaseStream, stopPipes.Token),
            FeedAsync());
    }

    /// <exception cref="WorkflowException">It cannot be started.</exception>
    public static ProcessRun Start(ProcessCommand command, int maxOutput, TimeProvider time, ILogger log)
    {
        var home = Directory.CreateTempSubdirectory("baton-run-");
        try
        {
            var start = new ProcessStartInfo
            {
                UseShellExecute = false,
                FileName = ProcessTree.SessionStarter ?? command.Program,
                WorkingDirectory = home.FullName,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (ProcessTree.SessionStarter is not null) start.ArgumentList.Add(command.Program);
            if (command.Script is var (name, text))
            {
                var path = Path.Combine(home.FullName, name);
                File.WriteAllText(path, text);
                start.ArgumentList.Add(path);
            }
            foreach (var argument in command.Arguments) start.ArgumentList.Add(argument);
            start.Environment.Clear();
            start.Environment["PATH"] = Executables.SearchPath;
            start.Environment["LANG"] = "C.UTF-8";
            start.Environment["HOME"] = start.Environment["TMPDIR"] = home.FullName;
            foreach (var (variable, value) in command.Environment) start.Environment[variable] = value;
            return new ProcessRun(command, Process.Start(start)!, home, maxOutput, time, log);
        }
        catch (Exception e)
        {
            Remove(home, log);
            if (e is Win32Exception or IOException) throw CallErrors.Invalid($"The {command.Kind} cannot be started: {Explain(e)}.");
            throw;
        }
    }

    /// <summary>Waits for the end.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancel"/> was signalled; disposing kills what is left.</exception>
    public async Task<ProcessOutcome> WaitAsync(CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        await process.WaitForExitAsync(cancel);
        ProcessTree.Kill(process);
        isOver = true;
        await DrainAsync();
        log.Ended(command.Kind, process.ExitCode, time.GetElapsedTime(started).TotalMilliseconds);
        return new ProcessOutcome(process.ExitCode, stdout.Text, stderr.Text, stderr.End);
    }

    /// <summary>Ends the process with everything it has started, and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!isOver) ProcessTree.Kill(process);   // once it is over its number may be another's
        try
        {
            await process.WaitForExitAsync(CancellationToken.None).WaitAsync(Grace, time);
        }
        catch (TimeoutException)
        {
            log.NotReaped(command.Kind, process.Id);
        }
        await DrainAsync();
        process.Dispose();
        stopPipes.Dispose();
        Remove(folder, log);
    }

    /// <summary>Waits until the pipes are empty, but not for what has escaped and holds them open.</summary>
    private async Task DrainAsync()
    {
        try
        {
            await pipes.WaitAsync(Grace, time);
        }
        catch (TimeoutException)
        {
            await stopPipes.CancelAsync();
            await pipes;
        }
    }

    private async Task FeedAsync()
    {
        try
        {
            if (!string.IsNullOrEmpty(command.Stdin)) await process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(command.Stdin), stopPipes.Token);
            process.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // It did not want to read all of it, which is its right.
        }
    }

    private static string Explain(Exception e) => e switch
    {
        Win32Exception { NativeErrorCode: 7 } => "its arguments and environment are too long; hand large data over by stdin",
        Win32Exception win32 => new Win32Exception(win32.NativeErrorCode).Message,
        _ => e.Message.TrimEnd('.'),
    };

    private static void Remove(DirectoryInfo folder, ILogger log)
    {
        try
        {
            folder.Delete(recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.FolderLeft(folder.FullName, e.GetType().Name);
        }
    }
}
