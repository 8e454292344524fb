using System.Collections.Immutable;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway;

/// <summary>What stays and what goes when routes are replaced.</summary>
public sealed class RouteTableTests
{
    private static readonly TenantId A = new("a"), B = new("b");

    private readonly GatewayOptions options = new();
    private readonly ManualTime time = new();

    [Fact]
    public void What_is_known_of_a_target_stays_as_long_as_its_address_model_and_key_do()
    {
        var table = Table();
        table.ReplaceFile(File("m", Target("http://one/v1"), Target("http://two/v1"), Target("http://three/v1"), Target("http://four/v1")));
        var before = table.Current.Find(A, "m")!.Targets;
        foreach (var target in before) target.Health.Failed("500");
        Assert.True(before[0].Health.TryBegin());

        table.ReplaceFile(File("m", Target("http://three/v1", "other"), Target("http://four/v1", header: "x-key"), Target("http://one/v1"), Target("http://five/v1")));
        var after = table.Current.Find(A, "M")!.Targets;
        Assert.Same(before[0].Health, after[2].Health);
        Assert.Equal((1, "500"), (after[2].Health.UnderWay, after[2].Health.LastFailure));
        foreach (var anew in new[] { after[0], after[1], after[3] }) Assert.Equal((0, (string?)null), (anew.Health.UnderWay, anew.Health.LastFailure));
        before[0].Health.End();   // the request that began with the routes before
        Assert.Equal(0, after[2].Health.UnderWay);
    }

    [Fact]
    public void Targets_that_are_alike_keep_what_is_known_of_each()
    {
        var table = Table();
        table.ReplaceFile(File("m", Target("http://one/v1"), Target("http://one/v1")));
        var before = table.Current.Find(A, "m")!.Targets.Select(target => target.Health).ToList();
        table.ReplaceFile(File("m", Target("http://one/v1"), Target("http://one/v1"), Target("http://one/v1")));
        var after = table.Current.Find(A, "m")!.Targets.Select(target => target.Health).ToList();
        Assert.Equal(before, after.Take(2));
        Assert.Equal(3, after.Distinct().Count());
    }

    [Fact]
    public void A_request_that_is_under_way_goes_on_with_the_routes_with_which_it_began()
    {
        var table = Table();
        table.ReplaceFile(File("m", Target("http://one/v1"), Target("http://two/v1")));
        using var turns = table.Current.Find(A, "m")!.InTurn(Surface.ChatCompletions).GetEnumerator();
        Assert.True(turns.MoveNext());
        var gone = turns.Current.Target;
        table.ReplaceFile(File("other", Target("http://three/v1")));
        Assert.Null(table.Current.Find(A, "m"));
        Assert.Equal(1, gone.Health.UnderWay);
        Assert.True(turns.MoveNext());
        Assert.Equal("two", turns.Current.Target.Options.Name);
        Assert.Equal(0, gone.Health.UnderWay);
    }

    [Fact]
    public void What_is_wrong_changes_nothing()
    {
        options.Models["fixed"] = new ModelOptions { BaseUrl = "http://fixed/v1" };
        var table = Table();
        table.ReplaceFile(File("m", Target("http://one/v1")));
        options.Models["fixed"].Fallbacks.Add("m");
        var before = table.Current;
        Assert.Contains("Gateway:Models:fixed:Fallbacks: there is no model 'm'", Assert.Single(table.ReplaceFile(File("n", Target("http://one/v1")))).ToString(), StringComparison.Ordinal);
        Assert.Contains("models.fixed stands at Gateway:Models:fixed too", string.Join(' ', table.ReplaceFile(File("fixed", Target("http://one/v1")).Add("m", new ModelOptions { BaseUrl = "http://one/v1" }))), StringComparison.Ordinal);
        Assert.Contains("models.m.targets.0.base_url must be an absolute http or https URL", Assert.Single(table.ReplaceFile(File("m", Target("one")))).ToString(), StringComparison.Ordinal);
        Assert.Same(before, table.Current);
    }

    [Theory]
    [InlineData("round_robin")]
    [InlineData("random")]
    [InlineData("weighted")]
    [InlineData("least_loaded")]
    [InlineData("latency")]
    [InlineData("priority")]
    public void A_target_that_drains_is_given_no_request_and_those_under_way_end(string strategy)
    {
        var table = Table();
        table.ReplaceFile(File("m", strategy, Target("http://one/v1"), Target("http://two/v1"), Target("http://three/v1")));
        var (first, tried) = (table.Current.Find(A, "m")!, 0UL);
        var began = first.Begin(Surface.ChatCompletions, ref tried)!.Value.Target;
        table.ReplaceFile(File("m", strategy, Target("http://one/v1", drain: true), Target("http://two/v1"), Target("http://three/v1", weight: 0)));
        for (var i = 0; i < 20; i++) Assert.Equal(["two"], table.Current.Find(A, "m")!.InTurn(Surface.ChatCompletions).Select(turn => turn.Target.Options.Name));
        began.Health.End();
        Assert.All(table.Current.Find(A, "m")!.Targets, target => Assert.Equal(0, target.Health.UnderWay));
    }

    [Fact]
    public void Where_every_target_drains_the_stand_ins_are_asked_and_without_any_the_answer_says_so()
    {
        var table = Table();
        var models = File("m", Target("http://one/v1", drain: true));
        models["m"].Fallbacks.Add("n");
        table.ReplaceFile(models.Add("n", new ModelOptions { BaseUrl = "http://two/v1", Name = "two" }));
        Assert.Equal(["two"], table.Current.Find(A, "m")!.InTurn(Surface.ChatCompletions).Select(turn => turn.Target.Name));
        table.ReplaceFile(File("m", Target("http://one/v1", drain: true)));
        var route = table.Current.Find(A, "m")!;
        Assert.Empty(route.InTurn(Surface.ChatCompletions));
        Assert.Equal(TimeSpan.FromSeconds(30), route.WaitFor(Surface.ChatCompletions));
        Assert.Contains("one (draining)", route.WhyNone(Surface.ChatCompletions, null), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tenants_own_route_goes_before_for_that_tenant_alone()
    {
        options.Models["shared"] = new ModelOptions { BaseUrl = "http://operator/v1", Fallbacks = ["other"] };
        options.Models["other"] = new ModelOptions { BaseUrl = "http://other/v1" };
        var table = Table();
        table.ReplaceStored([Stored(A, "Shared", """{"base_url":"http://mine/v1","fallbacks":["other"]}"""), Stored(A, "other", """{"base_url":"http://own-other/v1","fallbacks":["nothing"]}""")]);
        Assert.Equal("http://mine/v1", Address(A, "shared"));
        Assert.Equal("http://operator/v1", Address(B, "shared"));
        Assert.Equal("http://operator/v1", Address(TenantId.Default, "SHARED"));
        Assert.Equal(["http://mine/v1", "http://own-other/v1"], Chain(A));
        Assert.Equal(["http://operator/v1", "http://other/v1"], Chain(B));   // never into the routes of a tenant
        Assert.Equal(["Shared", "other"], table.Current.For(A).Select(route => route.Name).Order());
        Assert.True(table.ReplaceStored([]));
        Assert.Equal("http://operator/v1", Address(A, "shared"));

        string Address(TenantId tenant, string name) => table.Current.Find(tenant, name)!.Targets[0].Options.BaseUrl!;
        IEnumerable<string> Chain(TenantId tenant) => table.Current.Find(tenant, "shared")!.Chain.Select(route => route.Targets[0].Options.BaseUrl!);
    }

    [Fact]
    public void A_stand_in_that_serves_all_tenants_keeps_its_own_stand_ins()
    {
        options.Models["cheap"] = new ModelOptions { BaseUrl = "http://cheap/v1", Fallbacks = ["dear"] };
        options.Models["dear"] = new ModelOptions { BaseUrl = "http://dear/v1" };
        var table = Table();
        table.ReplaceStored([Stored(A, "mine", """{"base_url":"http://mine/v1","fallbacks":["cheap"]}"""), Stored(A, "dear", """{"base_url":"http://elsewhere/v1"}""")]);
        Assert.Equal(["http://mine/v1", "http://cheap/v1", "http://dear/v1"], table.Current.Find(A, "mine")!.Chain.Select(route => route.Targets[0].Options.BaseUrl));
    }

    [Fact]
    public void A_stored_route_that_is_no_longer_allowed_answers_so_and_is_not_replaced_by_another()
    {
        options.Models["m"] = new ModelOptions { BaseUrl = "http://operator/v1" };
        var table = Table();
        table.ReplaceStored([Stored(A, "m", """{"base_url":"https://api.example.com/v1","api_key_variable":"PATH"}""")]);
        var route = table.Current.Find(A, "m")!;
        Assert.Empty(route.InTurn(Surface.ChatCompletions));
        Assert.NotNull(route.WaitFor(Surface.Messages));
        Assert.Contains("cannot be used: api_key_variable: the key of this variable may not be sent to that host", route.WhyNone(Surface.ChatCompletions, null), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Routes_are_replaced_under_requests_without_one_that_is_lost_or_counted_twice()
    {
        var table = Table();
        table.ReplaceFile(File("m", Target("http://one/v1"), Target("http://two/v1")));
        var missing = 0;
        var asking = Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (var i = 0; i < 2_000; i++)
                {
                    if (table.Current.Find(A, "m")!.InTurn(Surface.ChatCompletions).Take(1).Count() != 1) Interlocked.Increment(ref missing);
                }
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        for (var i = 0; i < 200; i++) table.ReplaceFile(File("m", i % 2 == 0 ? [Target("http://two/v1"), Target("http://one/v1")] : [Target("http://one/v1"), Target("http://two/v1")]));
        await Task.WhenAll(asking);
        Assert.Equal(0, missing);
        Assert.All(table.Current.Find(A, "m")!.Targets, target => Assert.Equal(0, target.Health.UnderWay));
    }

    [Theory]
    [InlineData("https://api.example.com/v1", true)]
    [InlineData("https://api.example.com", true)]
    [InlineData("https://API.example.com:443/other/../v2", true)]
    [InlineData("http://api.example.com/v1", false)]
    [InlineData("https://api.example.com:8443/v1", false)]
    [InlineData("https://api.example.com.evil.test/v1", false)]
    [InlineData("https://evil.test/https://api.example.com/v1", false)]
    [InlineData("https://api.example.com@evil.test/v1", false)]
    [InlineData("https://evil.test#https://api.example.com", false)]
    [InlineData("https://evil.test\\@api.example.com/v1", false)]
    [InlineData("api.example.com", false)]
    [InlineData(null, false)]
    public void A_key_is_granted_for_one_host_and_no_other(string? address, bool isAllowed)
    {
        var grant = new KeyGrant { Origins = ["https://api.example.com"], Tenants = ["a"] };
        Assert.Equal(isAllowed, grant.Allows(A, address));
        Assert.False(grant.Allows(B, address));
    }

    private RouteTable Table() => new(Microsoft.Extensions.Options.Options.Create(options), time);

    private StoredRoute Stored(TenantId tenant, string name, string document) => new(tenant, name, "0", document, time.GetUtcNow(), "test");

    private static ImmutableDictionary<string, ModelOptions> File(string name, params TargetOptions[] targets) => File(name, "priority", targets);

    private static ImmutableDictionary<string, ModelOptions> File(string name, string strategy, params TargetOptions[] targets) =>
        ImmutableDictionary.Create<string, ModelOptions>(StringComparer.OrdinalIgnoreCase).Add(name, new ModelOptions { Strategy = strategy, Targets = [.. targets] });

    private static TargetOptions Target(string address, string? model = null, string? header = null, bool drain = false, double weight = 1) =>
        new() { BaseUrl = address, Name = Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Host : null, Model = model, ApiKeyHeader = header, Drain = drain, Weight = weight };
}
