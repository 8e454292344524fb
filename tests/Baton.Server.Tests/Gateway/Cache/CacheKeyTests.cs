using System.Text;
using Baton.Engine;
using Baton.Server.Gateway;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Gateway;

/// <summary>Which requests are the same, and which may be answered with what is kept.</summary>
public sealed class CacheKeyTests
{
    private const string Plain = """{"model":"m","temperature":0,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":2}}}]}""";

    [Theory]
    [InlineData("""{ "temperature" : 0, "model" : "M", "tools":[{"type":"function","function":{"name":"f","parameters":{"a":1, "b":2}}}], "messages":[ {"content":"hi \u00e9","role":"user"} ] }""")]
    [InlineData("""{"user":"someone","metadata":{"a":"b"},"model":"m","temperature":0,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":2}}}]}""")]
    public void Order_white_space_escapes_and_who_asks_make_no_difference(string other) => Assert.Equal(Key(Plain), Key(other));

    [Theory]
    [InlineData("""{"model":"m","temperature":0,"messages":[{"role":"user","content":"hi e"}]}""")]
    [InlineData("""{"model":"m","temperature":0.0,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":2}}}]}""")]
    [InlineData("""{"model":"m","temperature":0,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"b":2,"a":1}}}]}""")]
    [InlineData("""{"model":"m","temperature":0,"stream":true,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":2}}}]}""")]
    [InlineData("""{"model":"m","temperature":0,"unknown":1,"messages":[{"role":"user","content":"hi é"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":1,"b":2}}}]}""")]
    public void Whatever_may_change_the_answer_does(string other) => Assert.NotEqual(Key(Plain), Key(other));

    [Fact]
    public void Tenants_surfaces_models_targets_and_the_dialects_headers_are_kept_apart()
    {
        var keys = new[]
        {
            Key(Plain), Key(Plain, tenant: "acme"), Key(Plain, surface: Surface.Messages), Key(Plain, target: "m-2"), Key(Plain, model: "n"), Key(Plain, headers: ("anthropic-beta", "a")), Key(Plain, headers: ("anthropic-beta", "b")),
        };
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(Key(Plain), Key(Plain, headers: ("User-Agent", "other")));
    }

    [Fact]
    public void Texts_cannot_be_written_so_that_two_requests_look_alike()
    {
        var texts = new[] { """{"a":"b","c":"d"}""", """{"a":"bkc","d":""}""", """{"a":["b"],"c":"d"}""", """{"a":"b\",\"c\":\"d"}""", """{"a":{"b":"c"}}""", """{"a":1,"b":2}""", """{"a":12,"b":""}""", """{"a":null}""", """{"a":"null"}""", "{}" };
        Assert.Equal(texts.Length, texts.Select(text => Convert.ToHexString(Read(text)!.Bytes.Span)).Distinct().Count());
    }

    [Theory]
    [InlineData("""{"temperature":0}""", true)]
    [InlineData("""{"temperature":0.0,"tools":[{"type":"function"},{"name":"f"},{"type":"custom"}]}""", true)]
    [InlineData("""{"temperature":1,"seed":7}""", true)]
    [InlineData("{}", false)]
    [InlineData("""{"temperature":0.2}""", false)]
    [InlineData("""{"temperature":0,"seed":null,"tools":[{"type":"web_search_20250305"}]}""", false)]
    [InlineData("""{"temperature":0,"web_search_options":{}}""", false)]
    public void Only_a_request_for_the_same_answer_every_time_is_repeatable(string body, bool isDeterministic) => Assert.Equal(isDeterministic, Read(body)!.IsDeterministic);

    [Theory]
    [InlineData("""{"temperature":0,"store":true}""")]
    [InlineData("""{"temperature":0,"background":true}""")]
    [InlineData("""{"temperature":0,"previous_response_id":"r"}""")]
    [InlineData("""{"temperature":0,"messages":"\ud800"}""")]
    [InlineData("[]")]
    public void What_is_more_than_a_question_is_answered_by_nothing_that_is_kept(string body) => Assert.Null(Read(body));

    [Fact]
    public void A_response_is_stored_by_its_provider_unless_it_says_no()
    {
        Assert.Null(Read("""{"temperature":0}""", Surface.Responses));
        Assert.NotNull(Read("""{"temperature":0,"store":false}""", Surface.Responses));
    }

    [Fact]
    public void Embeddings_and_counts_are_always_the_same() => Assert.True(Read("{}", Surface.Embeddings)!.IsDeterministic && Read("{}", Surface.CountTokens)!.IsDeterministic);

    private static CanonicalRequest? Read(string body, Surface? surface = null) => CanonicalRequest.Read(surface ?? Surface.ChatCompletions, Encoding.UTF8.GetBytes(body));

    private static CacheKey Key(string body, string tenant = "t", Surface? surface = null, string model = "m", string target = "m-1", params (string Name, string Value)[] headers)
    {
        var options = new GatewayOptions { Models = { [model] = new ModelOptions { BaseUrl = "http://127.0.0.1:1/v1", Model = target } } };
        var route = new RouteTable(Options.Create(options), new ManualTime()).Current.Find(TenantId.Default, model)!;
        var asked = new HeaderDictionary();
        foreach (var (name, value) in headers) asked[name] = value;
        return CacheKey.Of(new TenantId(tenant), surface ?? Surface.ChatCompletions, route, asked, Read(body, surface)!.Bytes.Span);
    }
}
