using Baton.Client;
using Baton.Server.Cluster;
using Baton.Server.Identity;

namespace Baton.Server.Workflows;

/// <summary>Who does the work.</summary>
internal static class NodeEndpoints
{
    public static async Task<IResult> List(HttpContext http, NodeStore nodes, CancellationToken cancel)
    {
        var (all, leader, owned) = (await nodes.ListAsync(cancel), await nodes.LeaderAsync(cancel), await nodes.OwnedAsync(http.Tenant, cancel));
        var views = all.Select(node => new NodeView(node.Id, node.State, node.Id == (leader ?? (all.Count == 1 ? node.Id : null)), node.Roles.Split(','), node.Version, node.Host, node.ProcessId,
            DateTimeOffset.FromUnixTimeMilliseconds(node.StartedAtMs), Math.Max(0, node.SilentMs) / 1000.0, owned.GetValueOrDefault(node.Id)));
        return TypedResults.Json(new Page<NodeView>([.. views], null), WireJson.Web.PageNodeView);
    }
}
