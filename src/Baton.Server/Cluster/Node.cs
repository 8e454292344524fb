namespace Baton.Server.Cluster;

/// <summary>What a node does. Several nodes over one database may share the work by it.</summary>
[Flags]
internal enum NodeRoles
{
    /// <summary>Forwards calls to models.</summary>
    Gateway = 1,

    /// <summary>Takes queued runs and executes them.</summary>
    Worker = 2,

    /// <summary>Serves the API and the pages.</summary>
    Api = 4,

    /// <summary>Stands for what one node at a time does: timers, schedules, cleaning up.</summary>
    Scheduler = 8,

    All = Gateway | Worker | Api | Scheduler,
}

/// <summary>This process, as an owner of runs.</summary>
/// <param name="Id">The same after a restart: by it a node knows the runs that it had.</param>
internal sealed record Node(string Id, NodeRoles Roles = NodeRoles.All)
{
    public bool Is(NodeRoles role) => (Roles & role) == role;

    /// <summary>The roles as people write them.</summary>
    public IEnumerable<string> RoleNames => Enum.GetValues<NodeRoles>().Where(role => role != NodeRoles.All && Is(role)).Select(role => role.ToString().ToLowerInvariant());

    /// <param name="name">1 to 100 letters, digits, dots, hyphens and underscores; null for the machine's name.</param>
    /// <param name="roles">Names with commas between them; null for all.</param>
    /// <exception cref="FormatException">One of them is not usable.</exception>
    public static Node Parse(string? name, string? roles)
    {
        var id = string.IsNullOrEmpty(name) ? Environment.MachineName.ToLowerInvariant() : name;
        if (id.Length > 100 || !id.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')) throw new FormatException($"'{id}' cannot name a node: 1 to 100 letters, digits, dots, hyphens and underscores.");
        if (string.IsNullOrWhiteSpace(roles)) return new Node(id);
        var all = default(NodeRoles);
        foreach (var role in roles.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            all |= Enum.TryParse<NodeRoles>(role, ignoreCase: true, out var one) && !int.TryParse(role, out _) ? one
                : throw new FormatException($"'{role}' is no role of a node. Roles: gateway, worker, api, scheduler.");
        }
        return new Node(id, all);
    }
}
