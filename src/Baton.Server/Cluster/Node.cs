namespace Baton.Server.Cluster;

/// <summary>This process, as an owner of runs.</summary>
internal sealed record Node(string Id)
{
    /// <summary>The machine's name: the same after a restart.</summary>
    public static Node Local() => new(Environment.MachineName.ToLowerInvariant());
}
