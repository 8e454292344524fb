using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Processes;

/// <summary>Settings of the processes that workflows may run on this machine. Both kinds are off unless they are switched on.</summary>
internal sealed class ProcessOptions
{
    public const string Section = "Processes";

    /// <summary>Whether workflows may run shell commands, with the rights of this server. Default false.</summary>
    public bool AllowShell { get; set; }

    /// <summary>Whether workflows may run scripts, with the rights of this server. Default false.</summary>
    public bool AllowScripts { get; set; }

    /// <summary>The shell, a POSIX one. Default <c>/bin/sh</c>.</summary>
    [Required]
    public string Shell { get; set; } = "/bin/sh";

    /// <summary>The interpreter of scripts in JavaScript: a path, or a name on the PATH. Default <c>node</c>.</summary>
    [Required]
    public string Node { get; set; } = "node";

    /// <summary>The interpreter of scripts in Python: a path, or a name on the PATH. Default <c>python3</c>.</summary>
    [Required]
    public string Python { get; set; } = "python3";

    /// <summary>How much is kept of a process's standard output, and as much of its error output, in bytes. What is more is read and dropped. Default 4 MiB.</summary>
    [Range(1, 1 << 30)]
    public int MaxOutputBytes { get; set; } = 4 << 20;

    /// <summary>Longest duration of a process. Default 10 minutes.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "7.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Most processes at once; more wait for their turn. Default 32.</summary>
    [Range(1, 10_000)]
    public int MaxRunning { get; set; } = 32;
}

[OptionsValidator]
internal sealed partial class ProcessOptionsValidator : IValidateOptions<ProcessOptions>;
