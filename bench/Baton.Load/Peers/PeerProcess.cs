using System.ComponentModel;
using System.Diagnostics;

namespace Baton.Load;

/// <summary>A program of the peers' world: npm, or a driver under node. Disposing kills it (SIGKILL) with all that it has started.</summary>
internal sealed class PeerProcess : IDisposable
{
    private readonly Process process;
    private readonly Task<string> output, error;

    private PeerProcess(Process process)
    {
        this.process = process;
        output = process.StandardOutput.ReadToEndAsync();
        error = process.StandardError.ReadToEndAsync();
    }

    /// <exception cref="BenchException">There is no such program.</exception>
    public static PeerProcess Start(string folder, string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        // Quiet, as in production; and nobody is told of it.
        foreach (var (name, value) in new[] { ("NODE_ENV", "production"), ("NODE_NO_WARNINGS", "1"), ("RESTATE_LOGGING", "ERROR"), ("LANGSMITH_TRACING", "false"), ("SCARF_ANALYTICS", "false"), ("DO_NOT_TRACK", "1") }) start.Environment[name] = value;
        try
        {
            return new PeerProcess(Process.Start(start)!);
        }
        catch (Win32Exception)
        {
            throw new BenchException($"{program} is not installed: the peers need Node.js 20 or newer with npm (apt-get install nodejs npm)");
        }
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="BenchException">It ended with another code than 0, or not in time; the message is what it said.</exception>
    public async Task<string> ExitAsync(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            throw new BenchException($"did not end in {limit.TotalSeconds} s");
        }
        return process.ExitCode == 0 ? await output : throw new BenchException(await ReasonAsync());
    }

    /// <summary>Waits for something else that this process brings about; throws when the process ends before.</summary>
    /// <exception cref="BenchException">It ended; the message is what it said.</exception>
    public async Task WhileAliveAsync(Func<CancellationToken, Task> wait)
    {
        using var over = new CancellationTokenSource();
        var (waiting, dead) = (wait(over.Token), process.WaitForExitAsync(over.Token));
        var first = await Task.WhenAny(waiting, dead);
        await over.CancelAsync();
        if (first == dead) throw new BenchException(await ReasonAsync());
        await waiting;
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>The line that names the error, where there is one, else the last.</summary>
    private async Task<string> ReasonAsync()
    {
        var lines = (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.FirstOrDefault(line => line.Contains("Error", StringComparison.Ordinal)) ?? lines.LastOrDefault() ?? "it said nothing";
        return $"ended with {process.ExitCode}: {(line.Length > 200 ? line[..200] : line)}";
    }
}
