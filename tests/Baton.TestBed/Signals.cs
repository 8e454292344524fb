using System.Runtime.InteropServices;

namespace Baton.TestBed;

/// <summary>Signals of Linux.</summary>
internal static class Signals
{
    public const int Interrupt = 2, Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    /// <returns>Whether the process was there to take it.</returns>
    public static bool Send(int process, int signal) => Call(process, signal) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Call(int pid, int signal);
}
