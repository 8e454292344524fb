using System.Text;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Gateway;
using Baton.Server.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Gateway.Responses;

/// <summary>What stored responses must hold to, whatever database is under them.</summary>
public abstract class ResponseContract
{
    private const string Nobody = "";

    private static readonly DateTimeOffset Ever = DateTimeOffset.UnixEpoch;

    internal abstract Task<Stores> OpenAsync();

    [Fact]
    public async Task A_conversation_is_read_in_its_order_at_whichever_turn_it_branches()
    {
        await using var stores = await OpenAsync();
        var (one, other) = (new ResponseStore(stores.Database), new ResponseStore(stores.Database));   // two nodes
        await AddAsync(one, stores, "a");
        await AddAsync(other, stores, "b", "a");
        await Task.WhenAll(AddAsync(one, stores, "c", "b"), AddAsync(other, stores, "d", "b"));
        Assert.Equal(["a", "b", "d"], await ReadAsync(one, "d"));
        Assert.Equal(["a", "b", "c"], await ReadAsync(other, "c"));
        Assert.Equal(["b", "c"], await ReadAsync(other, "c", most: 2));
        Assert.Equal(new ConversationSize(3, 3 * Response("x", null).Bytes, 7), await SizeAsync(one, "d"));
    }

    [Fact]
    public async Task What_is_read_is_what_was_added_to_the_byte()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        var text = "Grüße 🚚 \\u0000 \\ud800"u8.ToArray();
        await store.AddAsync(Stores.Tenant, Nobody, new StoredResponse("a", null, text, Array.Empty<byte>(), text, 0), Ever);
        var found = (await store.GetAsync(Stores.Tenant, Nobody, "a", Ever, CancellationToken.None))!;
        Assert.Equal(text, found.Head.ToArray());
        Assert.Equal([], found.Input.ToArray());
        Assert.Equal(text, found.Output.ToArray());
    }

    [Fact]
    public async Task Many_who_go_on_with_the_same_conversations_all_succeed()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        await Task.WhenAll(AddAsync(store, stores, "a"), AddAsync(store, stores, "b"));
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => AddAsync(store, stores, $"r{i}", i % 2 == 0 ? "a" : "b")));
        for (var i = 0; i < 60; i++) Assert.Equal(2, (await SizeAsync(store, $"r{i}"))!.Turns);
    }

    [Fact]
    public async Task A_long_conversation_is_read_at_once_and_each_of_its_turns_is_stored_once()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        for (var i = 0; i < 300; i++) await AddAsync(store, stores, $"r{i}", i == 0 ? null : $"r{i - 1}");
        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"r{i}"), await ReadAsync(store, "r299"));
        Assert.Equal(300, (await SizeAsync(store, "r299"))!.Turns);
    }

    [Fact]
    public async Task Several_are_found_at_once_by_who_may_see_them_unless_they_are_too_large()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        await AddAsync(store, stores, "a");
        await AddAsync(store, stores, "b", "a", key: "k1");
        await AddAsync(store, stores, "c", key: "k2");
        var bytes = Response("x", null).Bytes;
        Assert.Equal(["a", "b", "c"], await FindAsync(Nobody, 3 * bytes));
        Assert.Equal(["b"], await FindAsync("k1", bytes));
        Assert.Null(await FindAsync(Nobody, (3 * bytes) - 1));

        async Task<IEnumerable<string>?> FindAsync(string key, long most) =>
            (await store.FindAsync(Stores.Tenant, key, ["c", "b", "a", "nobody"], Ever, most, CancellationToken.None))?.Select(response => response.Id).Order(StringComparer.Ordinal);
    }

    [Fact]
    public async Task A_key_sees_what_was_made_with_it_and_a_tenant_nothing_of_another()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        await AddAsync(store, stores, "a", key: "k1");
        Assert.NotNull(await SizeAsync(store, "a", key: "k1"));
        Assert.NotNull(await SizeAsync(store, "a"));   // with a credential of the tenant's own
        Assert.Null(await SizeAsync(store, "a", key: "k2"));
        Assert.Null(await store.SizeAsync(new TenantId("other"), Nobody, "a", Ever, CancellationToken.None));
        Assert.Null(await store.GetAsync(Stores.Tenant, "k2", "a", Ever, CancellationToken.None));
        Assert.Empty(await store.TurnsAsync(new TenantId("other"), "a", 10, CancellationToken.None));
        Assert.False(await store.RemoveAsync(Stores.Tenant, "k2", "a"));
        Assert.False(await store.RemoveAsync(new TenantId("other"), Nobody, "a"));
        Assert.True(await store.RemoveAsync(Stores.Tenant, "k1", "a"));
        Assert.False(await store.RemoveAsync(Stores.Tenant, "k1", "a"));
    }

    [Fact]
    public async Task A_conversation_that_lost_a_turn_says_so()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        await AddAsync(store, stores, "a");
        await AddAsync(store, stores, "b", "a");
        await AddAsync(store, stores, "c", "b");
        await store.RemoveAsync(Stores.Tenant, Nobody, "a");
        var turns = await store.TurnsAsync(Stores.Tenant, "c", 10, CancellationToken.None);
        Assert.Equal([("b", "a"), ("c", "b")], turns.Select(turn => (turn.Id, turn.PreviousId)));
        await AddAsync(store, stores, "d", "a");   // it was removed while the answer came
        Assert.Equal("a", (await store.TurnsAsync(Stores.Tenant, "d", 10, CancellationToken.None)).Single().PreviousId);
    }

    [Fact]
    public async Task A_conversation_is_kept_until_a_while_after_its_last_turn_and_then_removed_with_all_its_turns()
    {
        await using var stores = await OpenAsync();
        var store = new ResponseStore(stores.Database);
        var keepFor = TimeSpan.FromDays(30);
        await AddAsync(store, stores, "old");
        await AddAsync(store, stores, "a");
        stores.Time.Advance(TimeSpan.FromDays(20));
        await AddAsync(store, stores, "b", "a");
        stores.Time.Advance(TimeSpan.FromDays(20));
        Assert.Null(await store.SizeAsync(Stores.Tenant, Nobody, "old", stores.Time.GetUtcNow() - keepFor, CancellationToken.None));   // though it still is there
        Assert.NotNull(await SizeAsync(store, "old"));
        for (var i = 0; i < 250; i++) await store.AddAsync(new TenantId($"t{i % 3}"), Nobody, Response($"x{i}", null), stores.Time.GetUtcNow() - TimeSpan.FromDays(31));

        using var retention = new ResponseRetention(store, new LeaderLease(stores.Time), Options.Create(new GatewayOptions { Responses = { KeepFor = keepFor } }), stores.Time, NullLogger<ResponseRetention>.Instance);
        Assert.Equal(251, await retention.RunOnceAsync(CancellationToken.None));
        Assert.Equal(0, await retention.RunOnceAsync(CancellationToken.None));
        Assert.Null(await SizeAsync(store, "old"));
        Assert.Equal(["a", "b"], await ReadAsync(store, "b"));
        stores.Time.Advance(TimeSpan.FromDays(11));
        Assert.Equal(1, await retention.RunOnceAsync(CancellationToken.None));
        Assert.Empty(await ReadAsync(store, "b"));
    }

    private static StoredResponse Response(string id, string? previous) => new(id, previous, "{}"u8.ToArray(), Encoding.UTF8.GetBytes("""[{"role":"user"}]"""), "[]"u8.ToArray(), 7);

    private static Task AddAsync(ResponseStore store, Stores stores, string id, string? previous = null, string key = Nobody) => store.AddAsync(Stores.Tenant, key, Response(id, previous), stores.Time.GetUtcNow()).AsTask();

    private static Task<ConversationSize?> SizeAsync(ResponseStore store, string id, string key = Nobody) => store.SizeAsync(Stores.Tenant, key, id, Ever, CancellationToken.None);

    private static async Task<IEnumerable<string>> ReadAsync(ResponseStore store, string id, int most = 1_000) => (await store.TurnsAsync(Stores.Tenant, id, most, CancellationToken.None)).Select(turn => turn.Id);
}

public sealed class ResponsesOnSqlite : ResponseContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnSqliteAsync();
}

public sealed class ResponsesOnPostgres : ResponseContract
{
    internal override Task<Stores> OpenAsync() => Stores.OnPostgresAsync();
}
