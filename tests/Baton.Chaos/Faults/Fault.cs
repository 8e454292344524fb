namespace Baton.Chaos.Faults;

/// <summary>Something that is done to the world at its time.</summary>
/// <param name="At">Since the beginning.</param>
/// <param name="Node">Whom it befalls, from 1; 0 for the database, which all share.</param>
internal abstract record Fault(TimeSpan At, int Node)
{
    /// <summary><c>kill -9</c>; the same node starts again after a while.</summary>
    public sealed record Kill(TimeSpan At, int Node, TimeSpan For) : Fault(At, Node)
    {
        public override string ToString() => $"kill -9 n{Node}, which starts again after {For.TotalSeconds:0.0} s";
    }

    /// <summary><c>kill -9</c>, and the machine is gone: others must take over what the node had.</summary>
    public sealed record Lose(TimeSpan At, int Node) : Fault(At, Node)
    {
        public override string ToString() => $"kill -9 n{Node}, which never comes back";
    }

    /// <summary>SIGSTOP, and SIGCONT after a while: the node does not know that time has passed.</summary>
    public sealed record Pause(TimeSpan At, int Node, TimeSpan For) : Fault(At, Node)
    {
        public override string ToString() => $"n{Node} stands still for {For.TotalSeconds:0.0} s";
    }

    /// <summary>SIGTERM: the node ends in order, and starts again.</summary>
    public sealed record Stop(TimeSpan At, int Node, TimeSpan For) : Fault(At, Node)
    {
        public override string ToString() => $"n{Node} is asked to stop, and starts again {For.TotalSeconds:0.0} s after it has";
    }

    /// <summary>Every database connection of a node is reset.</summary>
    public sealed record Cut(TimeSpan At, int Node) : Fault(At, Node)
    {
        public override string ToString() => $"the database connections of n{Node} are cut";
    }

    /// <summary>A node cannot reach the database: what is open is reset, and so is what it tries.</summary>
    public sealed record Isolate(TimeSpan At, int Node, TimeSpan For) : Fault(At, Node)
    {
        public override string ToString() => $"n{Node} cannot reach the database for {For.TotalSeconds:0.0} s";
    }

    /// <summary>The database does not answer a node, without a word.</summary>
    public sealed record Stall(TimeSpan At, int Node, TimeSpan For) : Fault(At, Node)
    {
        public override string ToString() => $"the database is silent to n{Node} for {For.TotalSeconds:0.0} s";
    }

    /// <summary><c>pg_ctl -m immediate restart</c>: the database crashes and recovers.</summary>
    public sealed record RestartDatabase(TimeSpan At) : Fault(At, 0)
    {
        public override string ToString() => "the database crashes and restarts";
    }

    /// <summary>The primary is killed for good, and its synchronous standby promoted.</summary>
    public sealed record Failover(TimeSpan At) : Fault(At, 0)
    {
        public override string ToString() => "the primary dies, its standby takes over";
    }

    /// <summary>The disk of the database has no byte left for a while.</summary>
    public sealed record FillDisk(TimeSpan At, TimeSpan For) : Fault(At, 0)
    {
        public override string ToString() => $"the disk is full for {For.TotalSeconds:0.0} s";
    }

    /// <summary>The node is killed in the middle of a write to its SQLite file, of which a part is on disk.</summary>
    /// <param name="Seed">Decides what that part looks like.</param>
    public sealed record TearFile(TimeSpan At, int Node, int Seed) : Fault(At, Node)
    {
        public override string ToString() => $"kill -9 n{Node} with a torn write at the end of the log";
    }

    /// <summary>The database crashes in the middle of a write to its log.</summary>
    public sealed record TearDatabase(TimeSpan At, int Seed) : Fault(At, 0)
    {
        public override string ToString() => "the database crashes with a torn write at the end of its log";
    }
}
