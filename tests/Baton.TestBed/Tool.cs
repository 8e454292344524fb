using System.Diagnostics;

namespace Baton.TestBed;

/// <summary>A program that is run to its end.</summary>
public static class Tool
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It ended with another code than 0; the message is what it said.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        var (code, output, error) = await EndAsync(command, cancel);
        return code == 0 ? output : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {code}: {output}{error}");
    }

    /// <summary>For a program whose result is how it fails.</summary>
    /// <returns>What it wrote to standard error.</returns>
    public static async Task<string> FailAsync(IReadOnlyList<string> command, CancellationToken cancel) => (await EndAsync(command, cancel)).Error;

    private static async Task<(int Code, string Output, string Error)> EndAsync(IReadOnlyList<string> command, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Patience);
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }
}
