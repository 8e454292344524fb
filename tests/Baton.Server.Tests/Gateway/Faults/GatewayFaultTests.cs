using System.Globalization;
using Baton.Client;
using Baton.Server.Tests.Storage;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>
/// What the gateway promises of money, over real processes, while everything goes wrong at once: clients that leave, targets that refuse, cut and do not tell, and <c>kill -9</c>. Checked against
/// what clients and targets saw themselves. The plan of each call follows from a seed; <c>FAULTS_SEED</c> gives another one, and <c>FAULTS_ROUNDS</c> goes on with those that follow.
/// </summary>
public sealed class GatewayFaultTests
{
    private const int Limit = 4_000, Clients = 12, AtOnce = 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Whatever_clients_and_targets_do_and_though_the_server_is_killed_no_money_is_overspent_lost_doubled_or_withheld() =>
        PlayAsync(folder => Task.FromResult(folder["baton.db"]), [null]);

    [Fact]
    public Task Whatever_clients_and_targets_do_and_though_one_of_two_nodes_is_killed_no_money_is_overspent_lost_doubled_or_withheld() =>
        PlayAsync(_ => Postgres.NewSchemaAsync(), ["one", "two"]);

    private static async Task PlayAsync(Func<TemporaryFolder, Task<string>> database, string?[] names)
    {
        var first = Setting("FAULTS_SEED", 2026);
        for (var seed = first; seed < first + Setting("FAULTS_ROUNDS", 1); seed++)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"FAULTS_SEED={seed}");
            using var folder = new TemporaryFolder();
            await PlayAsync(folder, await database(folder), names, seed);
        }
    }

    private static async Task PlayAsync(TemporaryFolder folder, string database, string?[] names, int seed)
    {
        await using var target = await FaultyTarget.StartAsync();
        await using var one = await FaultyNode.StartAsync(folder, database, names[0], target.Address);
        var admin = (await one.Life).Client;
        await admin.Budgets.PutAsync("b", new PutBudget(Limit, "total", Key: "app"), Cancel);
        var key = await admin.Keys.CreateAsync(new CreateKey("app", Limits: [new KeyLimit(Requests: 1_000_000, Tokens: 1_000_000_000, Concurrency: AtOnce, MaxWaitSeconds: 120)]), Cancel);
        await using var two = names.Length > 1 ? await FaultyNode.StartAsync(folder, database, names[1], target.Address) : null;
        FaultyNode[] nodes = two is null ? [one] : [one, two];

        // 1. Everything at once, and a kill in the middle of it.
        var clients = new FaultyClients(target, key.Secret!, seed);
        var playing = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => clients.PlayAsync(nodes[i % nodes.Length]))));
        await Eventually.IsTrueAsync(() => clients.Received >= Limit / 3 || playing.IsCompleted);
        await nodes[^1].KillAsync();
        await playing;
        Assert.Empty(clients.Surprises);

        // 2. What was spent, against what clients and targets saw.
        var calls = clients.Calls;
        var view = await SettledAsync(nodes);
        var records = await RecordsAsync((await one.Life).Client.Usage, calls, view);
        var unrecorded = Unrecorded(calls, records);
        var recorded = records.Values.Sum(record => record.CostMicros);
        TestContext.Current.TestOutputHelper?.WriteLine($"{calls.Count} calls, {records.Count} that cost {recorded}, {unrecorded.Count} of the killed node without a record; spent {view.SpentMicro}, uncertain {view.UncertainMicro}; {clients.Refusals.Count} refusals, the first with at most {clients.Refusals.Min(refusal => refusal.Held)} held");
        NothingIsOverspent(calls, view);
        Assert.All(records, entry => Fits(calls[entry.Key - PlannedCall.First], entry.Value));
        Assert.InRange(view.SpentMicro, 0, recorded + unrecorded.Sum(call => call.Said));
        Assert.InRange(recorded + unrecorded.Sum(SurelySpent), 0, view.SpentMicro + view.UncertainMicro);
        Assert.All(clients.Refusals, refusal => Assert.True(refusal.Held + refusal.Call.Least + view.UncertainMicro > Limit, $"{refusal.Call} was refused though others held at most {refusal.Held}: {refusal.Body}"));

        // 3. What is left once somebody has said what the killed node spent can be spent to the last token, and is not more.
        var missing = Math.Max(0, recorded + unrecorded.Sum(call => call.Said) - view.SpentMicro);
        var reconciled = await (await one.Life).Client.Budgets.ReconcileAsync("b", new ReconcileBudget(missing), Cancel);
        Assert.Equal((view.SpentMicro + Math.Min(missing, view.UncertainMicro), 0, 0), (reconciled.SpentMicro, reconciled.UncertainMicro, reconciled.ReservedMicro));
        if (reconciled.LeftMicro > 0) await Eventually.IsTrueAsync(async () => !await clients.AskAsync(nodes[^1], (int)reconciled.LeftMicro), "The node has heard of what is left.");
        Assert.True(await clients.AskAsync(one, 1), "No more than that.");
        view = await SettledAsync(nodes);
        Assert.Equal((Math.Max(Limit, reconciled.SpentMicro), 0, 0), (view.SpentMicro, view.UncertainMicro, view.LeftMicro));

        // 4. No place of the key is held by a call that is over.
        await (await one.Life).Client.Budgets.PutAsync("b", new PutBudget(2 * Limit, "total", Key: "app"), Cancel);
        foreach (var node in nodes) await Eventually.IsTrueAsync(async () => !await clients.AskAsync(node, 1), "The nodes have heard of the higher limit.");
        await Task.WhenAll(nodes.Select(node => clients.StreamAtOnceAsync(node, AtOnce / nodes.Length)));
        await SettledAsync(nodes);
        Assert.Empty(clients.Surprises);
    }

    /// <summary>By no more than one chunk of each stream under way, by the books as by what came to the clients.</summary>
    private static void NothingIsOverspent(IReadOnlyList<PlannedCall> calls, BudgetView view)
    {
        const int Chunks = Clients * PlannedCall.Burst;
        Assert.InRange(view.SpentMicro + view.UncertainMicro, 0, Limit + Chunks);
        Assert.InRange(calls.Sum(call => call.Received), 0, Limit + Chunks);
    }

    /// <summary>A record says what the target told, or else lies between what came to the client and what the target had said.</summary>
    private static void Fits(PlannedCall call, UsageRequestView record)
    {
        Assert.Equal(record.Tokens.Output, record.CostMicros);
        if (!record.Estimated) Assert.True(record.Tokens.Output == call.Told, $"{call} is recorded with {record.Tokens.Output}.");
        else Assert.True(call.IsStream && record.Tokens.Output >= call.Received && record.Tokens.Output <= call.Said, $"{call} is recorded with an estimate of {record.Tokens.Output}.");
    }

    /// <summary>What a budget must count of a call without a record: all that came to the client, but for a chunk that may not have been charged yet.</summary>
    private static int SurelySpent(PlannedCall call) => call.IsStream ? Math.Max(0, call.Received - PlannedCall.Burst) : call.Received;

    /// <summary>The records of calls that cost something, by their calls' numbers: one for each of a node that lived, at most one for one of a node that was killed.</summary>
    private static async Task<Dictionary<int, UsageRequestView>> RecordsAsync(UsageClient usage, IReadOnlyList<PlannedCall> calls, BudgetView view)
    {
        var due = calls.Where(call => !call.Life!.IsKilled && call.Received > 0).Select(call => call.Number).ToHashSet();
        Dictionary<int, UsageRequestView> costly = [];
        await Eventually.IsTrueAsync(async () =>
        {
            var all = await ListAsync(usage);
            var sums = (await usage.SumAsync([new("by", "key")], Cancel)).Total;
            if (all.Count != sums.Requests) return false;   // some were written meanwhile
            Assert.Equal(sums.CostMicros, all.Sum(record => record.CostMicros));
            costly = all.Where(record => record.Tokens.Input > 0).ToDictionary(record => (int)record.Tokens.Input);   // no call twice
            return due.IsSubsetOf(costly.Keys) && view.SpentMicro <= costly.Values.Sum(record => record.CostMicros) + Unrecorded(calls, costly).Sum(call => call.Said);
        }, $"{due.Count} calls are recorded, and all {view.SpentMicro} that were spent");
        return costly;
    }

    private static async Task<List<UsageRequestView>> ListAsync(UsageClient usage)
    {
        var all = new List<UsageRequestView>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await usage.ListAsync([new("limit", "500"), .. cursor.Length == 0 ? Array.Empty<KeyValuePair<string, string>>() : [new("cursor", cursor)]], Cancel);
            all.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        return all;
    }

    /// <summary>Calls of the killed node that it may have written down, or not.</summary>
    private static List<PlannedCall> Unrecorded(IReadOnlyList<PlannedCall> calls, Dictionary<int, UsageRequestView> records) => [.. calls.Where(call => call.Life!.IsKilled && !records.ContainsKey(call.Number))];

    /// <summary>The budget once no call keeps anything of it, and all nodes have told what they spent.</summary>
    private static async Task<BudgetView> SettledAsync(FaultyNode[] nodes)
    {
        BudgetView? view = null;
        foreach (var node in nodes.Append(nodes[0])) await Eventually.IsTrueAsync(async () => (view = await (await node.Life).Client.Budgets.GetAsync("b", Cancel)).ReservedMicro == 0);
        return view!;
    }

    private static int Setting(string name, int otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? int.Parse(value, CultureInfo.InvariantCulture) : otherwise;
}
