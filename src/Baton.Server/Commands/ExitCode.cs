namespace Baton.Server.Commands;

/// <summary>What the command line ends with; listed in docs/operate/command-line.md.</summary>
internal static class ExitCode
{
    public const int Ok = 0;

    /// <summary>The run failed, was cancelled or paused; or a check of the doctor failed.</summary>
    public const int Failed = 1;

    /// <summary>The command was not understood.</summary>
    public const int Usage = 2;

    /// <summary>The server refused: the message is its problem's.</summary>
    public const int Refused = 3;

    /// <summary>No server answers, or this one cannot start.</summary>
    public const int Unavailable = 4;

    /// <summary>What the command gave cannot be written. The number is that of sysexits.h.</summary>
    public const int Unwritable = 74;

    /// <summary>Ctrl-C.</summary>
    public const int Interrupted = 130;
}
