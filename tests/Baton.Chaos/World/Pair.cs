using System.Collections.Immutable;
using Baton.TestBed;

namespace Baton.Chaos.World;

/// <summary>A primary and, where it has one, its synchronous standby, each behind a proxy for every node: places, of which one takes writes.</summary>
internal sealed class Pair : IAsyncDisposable
{
    private readonly ImmutableArray<CuttingProxy[]> proxies;   // by node: one before each place
    private readonly PostgresCluster[] places;
    private int primary;

    private Pair(int nodes, params PostgresCluster[] places)
    {
        this.places = places;
        proxies = [.. Enumerable.Range(0, nodes).Select(_ => Array.ConvertAll(places, place => new CuttingProxy(place.Port)))];
    }

    public PostgresCluster Primary => places[primary];

    /// <param name="under">The folder for the primary's data; the temporary folder if null.</param>
    public static async Task<Pair> StartAsync(int nodes, bool standby, string? under, CancellationToken cancel)
    {
        var first = await PostgresCluster.StartAsync(under, cancel);
        if (!standby) return new Pair(nodes, first);
        try
        {
            return new Pair(nodes, first, await first.AddStandbyAsync(cancel));
        }
        catch
        {
            await first.DisposeAsync();
            throw;
        }
    }

    /// <summary>All places, through the node's own proxies.</summary>
    public string UrlFor(int node) => PostgresCluster.Url(schema: null, "postgres", proxies[node - 1].Select(proxy => proxy.Port));

    public int Cut(int node) => proxies[node - 1].Sum(proxy => proxy.Cut());

    public void Refuse(int node) => Array.ForEach(proxies[node - 1], proxy => proxy.Refuse());

    public void Stall(int node) => Array.ForEach(proxies[node - 1], proxy => proxy.Stall());

    public void Resume(int node) => Array.ForEach(proxies[node - 1], proxy => proxy.Resume());

    /// <summary>The primary is gone for good; the standby takes its part, and a new standby the free place.</summary>
    public async Task FailOverAsync(CancellationToken cancel)
    {
        var dead = places[primary];
        await dead.KillAsync(cancel);
        await places[1 - primary].PromoteAsync(cancel);
        primary = 1 - primary;
        var standby = await Primary.AddStandbyAsync(cancel);
        places[1 - primary] = standby;
        foreach (var node in proxies) node[1 - primary].Target = standby.Port;
        await dead.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies.SelectMany(node => node)) await proxy.DisposeAsync();
        foreach (var place in places) await place.DisposeAsync();
    }
}
