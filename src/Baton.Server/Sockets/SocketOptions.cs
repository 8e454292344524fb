namespace Baton.Server.Sockets;

/// <summary>How sockets are watched.</summary>
internal sealed class SocketOptions
{
    public const string Section = "Sockets";

    /// <summary>
    /// Whether connections of clients, and those to models without TLS, are on event loops of this process's own. Default: where it has the role gateway and no other. Linux only; elsewhere it changes nothing.
    /// </summary>
    public bool? OwnLoops { get; set; }
}
