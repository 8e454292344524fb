using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Baton.Server.Sockets;

/// <summary>How sockets are watched.</summary>
internal sealed class SocketOptions
{
    public const string Section = "Sockets";

    /// <summary>
    /// Whether connections of clients, and those to models without TLS, are on event loops of this process's own. Default: where it has the role gateway and no other. Linux only; elsewhere it changes nothing.
    /// </summary>
    public bool? OwnLoops { get; set; }

    /// <summary>
    /// How long a loop looks again and again whether something has happened before it sleeps: waking takes time, most of all on virtual machines. It takes a processor for as long behind each event,
    /// whatever else might want it. Default: 0, it sleeps at once. At most 10 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:00.01")]
    public TimeSpan BusyPoll { get; set; }
}

[OptionsValidator]
internal sealed partial class SocketOptionsValidator : IValidateOptions<SocketOptions>;
