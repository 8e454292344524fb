using System.Diagnostics;

namespace Baton.TestBed;

/// <summary>
/// Runs a script when it is disposed of, or when this process ends, however it ends. A shell waits at the other end of a pipe: the kernel closes
/// it even for a process that was killed. (A signal at the parent's death is no way: it comes when the starting thread ends.)
/// </summary>
public sealed class Watchdog : IAsyncDisposable
{
    private readonly Process shell;

    /// <param name="script">For <c>/bin/sh</c>; must bear to find everything gone already.</param>
    public Watchdog(string script) => shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"trap '' INT TERM HUP; exec >/dev/null 2>&1; cat >/dev/null; {script}"]) { RedirectStandardInput = true, UseShellExecute = false })!;

    public async ValueTask DisposeAsync()
    {
        shell.StandardInput.Close();
        await shell.WaitForExitAsync(CancellationToken.None);
        shell.Dispose();
    }
}
