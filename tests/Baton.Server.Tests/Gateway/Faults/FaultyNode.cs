using Baton.Client;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>A real server that can be killed and started again, between faulty targets and their clients.</summary>
internal sealed class FaultyNode : IAsyncDisposable
{
    private readonly TemporaryFolder folder;
    private readonly string database;
    private readonly string? name;
    private readonly Uri target;
    private TaskCompletionSource<NodeLife> life = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private FaultyNode(TemporaryFolder folder, string database, string? name, Uri target) => (this.folder, this.database, this.name, this.target) = (folder, database, name, target);

    /// <summary>The life that it is in; where it is dead, the next one.</summary>
    public Task<NodeLife> Life => Volatile.Read(ref life).Task;

    /// <param name="name">Null for the only node.</param>
    public static async Task<FaultyNode> StartAsync(TemporaryFolder folder, string database, string? name, Uri target)
    {
        var node = new FaultyNode(folder, database, name, target);
        await node.BeginAsync();
        return node;
    }

    /// <summary><c>kill -9</c>, and another life.</summary>
    public async Task KillAsync()
    {
        var before = await Life;
        Volatile.Write(ref life, new TaskCompletionSource<NodeLife>(TaskCreationOptions.RunContinuationsAsynchronously));
        before.IsKilled = true;
        await before.Process.KillAsync();
        before.Dispose();
        await BeginAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!Life.IsCompleted) return;   // it died, and did not come back
        var last = await Life;
        await last.Process.DisposeAsync();
        last.Dispose();
    }

    private async Task BeginAsync()
    {
        var settings = new List<(string, string?)>
        {
            ("BATON_BUDGETS__UNCAPPEDTOKENS", $"{PlannedCall.Uncapped}"), ("BATON_BUDGETS__GRANTWAIT", "00:00:30"), ("BATON_BUDGETS__REPORTINTERVAL", "00:00:00.1"), ("BATON_USAGE__WRITEINTERVAL", "00:00:00.02"),
            ("BATON_GATEWAY__BREAKERFAILURES", "1000"), ("BATON_GATEWAY__PROBEINTERVAL", "00:00:00"), ("BATON_GATEWAY__MODELS__M__STRATEGY", "priority"), ("BATON_GATEWAY__MODELS__M__RETRIES", "0"),
        };
        for (var i = 0; i < 2; i++) settings.AddRange([($"BATON_GATEWAY__MODELS__M__TARGETS__{i}__BASEURL", target.ToString()), ($"BATON_GATEWAY__MODELS__M__TARGETS__{i}__NAME", $"t{i}"), ($"BATON_GATEWAY__MODELS__M__TARGETS__{i}__PRICE__OUTPUT", "1000000")]);
        var (process, address) = await BatonProcess.ServeAsync(folder.Path, database, name is null ? [] : ["--node", name], [.. settings]);
        life.SetResult(new NodeLife(process, address));
    }
}

/// <summary>A node from its start to its end.</summary>
internal sealed class NodeLife : IDisposable
{
    private readonly HttpClient http;

    public NodeLife(BatonProcess process, Uri address)
    {
        (Process, Address) = (process, address);
        http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
        Client = new BatonClient(http);
    }

    public BatonProcess Process { get; }

    public Uri Address { get; }

    public BatonClient Client { get; }

    /// <summary>Whether it is over, or about to be.</summary>
    public bool IsKilled { get; set; }

    public void Dispose() => http.Dispose();
}
