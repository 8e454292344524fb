namespace Baton.Server.Gateway;

/// <summary>Whether a target is asked.</summary>
internal enum BreakerState
{
    /// <summary>It is.</summary>
    Closed,

    /// <summary>It failed too often in a row, and is left alone for a while.</summary>
    Open,

    /// <summary>The while is over: one request at a time may find out whether it is well again.</summary>
    HalfOpen,
}
