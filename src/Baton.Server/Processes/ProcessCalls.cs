using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;
using Microsoft.Extensions.Options;

namespace Baton.Server.Processes;

/// <summary>Runs the shell commands and scripts of workflows, and owns those that no workflow waits for.</summary>
/// <remarks>
/// A code other than 0 is data where the document asks for the code (<c>return: code</c> or <c>all</c>), else an error. Standard output is given as it
/// is, its last line end included.
/// </remarks>
internal sealed class ProcessCalls(ResourceReader resources, IOptions<ProcessOptions> options, TimeProvider time, ILogger<ProcessCalls> log) : IAsyncDisposable
{
    private readonly SemaphoreSlim turns = new(options.Value.MaxRunning);
    private readonly CancellationTokenSource stopping = new();
    private readonly Lock gate = new();
    private readonly HashSet<Task> detached = [];

    /// <exception cref="WorkflowException">It may not run, cannot be started, took too long, or failed.</exception>
    /// <exception cref="OperationCanceledException">The step was cancelled; the process and all it started are gone.</exception>
    public async Task<JqValue> PerformAsync(EffectRequest.Process call, StepContext step)
    {
        var command = await PrepareAsync(call, step.Cancel);
        await turns.WaitAsync(step.Cancel);
        ProcessRun run;
        try
        {
            run = ProcessRun.Start(command, options.Value.MaxOutputBytes, time, log);
        }
        catch
        {
            turns.Release();
            throw;
        }
        if (!call.Await)
        {
            Own(command, run);
            return JqValue.Null;
        }
        var outcome = await FinishAsync(command, run, step.Cancel);
        if (outcome.Code != 0 && call.Return is not (ProcessReturn.Code or ProcessReturn.All)) throw Failure(command, outcome);
        return call.Return switch
        {
            ProcessReturn.Stdout => outcome.Stdout,
            ProcessReturn.Stderr => outcome.Stderr,
            ProcessReturn.Code => outcome.Code,
            ProcessReturn.All => JqValue.Object(("code", outcome.Code), ("stdout", outcome.Stdout), ("stderr", outcome.Stderr)),
            _ => JqValue.Null,
        };
    }

    /// <summary>Kills what runs on without anybody waiting for it, and waits until it is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        Task[] left;
        lock (gate) left = [.. detached];
        await Task.WhenAll(left);
        stopping.Dispose();
    }

    private async Task<ProcessCommand> PrepareAsync(EffectRequest.Process call, CancellationToken cancel)
    {
        Check(call);
        if (call.Language is null)
        {
            if (!options.Value.AllowShell) throw CallErrors.Refused("Workflows may not run shell commands on this server; Processes:AllowShell allows them.");
            var shell = Find(options.Value.Shell, "A shell command", "a POSIX shell", "Processes:Shell");
            return new ProcessCommand("shell command", shell, ["-c", call.Code ?? "", "sh", .. call.Arguments], null, call.Environment, call.Stdin);
        }
        if (!options.Value.AllowScripts) throw CallErrors.Refused("Workflows may not run scripts on this server; Processes:AllowScripts allows them.");
        var (kind, interpreter, file) = call.Language switch
        {
            "js" => ("JavaScript", Find(options.Value.Node, "A script in JavaScript", "Node.js", "Processes:Node"), "script.js"),
            "python" => ("Python script", Find(options.Value.Python, "A script in Python", "Python 3", "Processes:Python"), "script.py"),
            _ => throw CallErrors.Misconfigured($"Scripts in '{call.Language}' cannot be run: the languages are js and python."),
        };
        var text = call.Code ?? (call.Source is { } source ? (await resources.ReadAsync(source, cancel)).Text : throw CallErrors.Misconfigured("A script needs its code, or a source to read it from."));
        return new ProcessCommand(kind, interpreter, call.Arguments, (file, text), call.Environment, call.Stdin);
    }

    private static void Check(EffectRequest.Process call)
    {
        foreach (var argument in call.Arguments.Append(call.Language is null ? call.Code ?? "" : ""))
        {
            if (argument.Contains('\0', StringComparison.Ordinal)) throw CallErrors.Invalid("An argument of a process holds a null character, which no process can be given.");
        }
        foreach (var (name, value) in call.Environment)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny('=', '\0')) throw CallErrors.Invalid($"'{name}' is no name of an environment variable.");
            if (value.Contains('\0', StringComparison.Ordinal)) throw CallErrors.Invalid($"The environment variable '{name}' holds a null character.");
        }
    }

    private static string Find(string program, string what, string needed, string setting) =>
        Executables.Find(program) ?? throw CallErrors.Misconfigured($"{what} needs {needed}, but '{program}' is not there or cannot be executed: install it, or set {setting} to where it is.");

    /// <summary>Waits for the end within the time limit, and gives the turn back.</summary>
    private async Task<ProcessOutcome> FinishAsync(ProcessCommand command, ProcessRun run, CancellationToken cancel)
    {
        try
        {
            await using (run)
            {
                return await Deadline.RunAsync(
                    options.Value.Timeout, time, $"The {command.Kind} did not end within {options.Value.Timeout.TotalSeconds:0.###} s (Processes:Timeout) and was killed.", run.WaitAsync, cancel);
            }
        }
        finally
        {
            turns.Release();
        }
    }

    private void Own(ProcessCommand command, ProcessRun run)
    {
        var task = WatchAsync(command, run);
        lock (gate)
        {
            if (!task.IsCompleted) detached.Add(task);
        }
        _ = ForgetAsync(task);
    }

    private async Task WatchAsync(ProcessCommand command, ProcessRun run)
    {
        try
        {
            var outcome = await FinishAsync(command, run, stopping.Token);
            if (outcome.Code != 0) log.DetachedFailed(command.Kind, $"code {outcome.Code}");
        }
        catch (OperationCanceledException)
        {
            log.DetachedFailed(command.Kind, "the server stops");
        }
        catch (Exception e)
        {
            log.DetachedFailed(command.Kind, e is WorkflowException failure ? failure.Error.Title : e.GetType().Name);
        }
    }

    private async Task ForgetAsync(Task task)
    {
        await task;
        lock (gate) detached.Remove(task);
    }

    private static WorkflowException Failure(ProcessCommand command, ProcessOutcome outcome)
    {
        var secrets = Secrets.Of(command.Environment.Where(variable => Secrets.IsCredential(variable.Key)).Select(variable => variable.Value));
        var end = secrets.Mask(outcome.StderrEnd);
        var detail = $"The {command.Kind} ended with code {outcome.Code}.{(end.Length == 0 ? "" : $" Its error output ends: {end}")}";
        return new WorkflowException(new WorkflowError(ErrorTypes.Runtime, 500, "Process Failed", detail));
    }
}
