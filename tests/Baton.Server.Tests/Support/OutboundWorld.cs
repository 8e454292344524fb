using System.Collections.Immutable;
using Baton.Engine;
using Baton.Engine.Dsl;
using Baton.Jq;
using Baton.Server.Outbound;

namespace Baton.Server.Tests.Support;

/// <summary>The calls of a server, put together as the module does it, with the parts that a test wants to hold in its hand.</summary>
internal sealed class OutboundWorld : IDisposable
{
    public OutboundWorld(Action<OutboundOptions>? configure = null, TimeProvider? time = null, bool allowPrivate = true, HostResolver? resolve = null)
    {
        configure?.Invoke(Options);
        Time = time ?? TimeProvider.System;
        var options = Microsoft.Extensions.Options.Options.Create(Options);
        Client = new OutboundClient(options, new AddressPolicy(allowPrivate), Time, resolve);
        Tokens = new TokenSource(Client, new OidcDiscovery(Client, options, Time), options, Time, Log.For<TokenSource>());
        Http = new OutboundHttp(Client, new Authenticator(new DigestSessions(), Tokens, Log.For<Authenticator>()), options, Time, Log.For<OutboundHttp>());
        Calls = new HttpCalls(Http, options, Time);
        Resources = new ResourceReader(Http, options, Time);
        OpenApi = new OpenApiCalls(Calls, Resources, options, Time, Log.For<OpenApiCalls>());
    }

    public OutboundOptions Options { get; } = new();

    public TimeProvider Time { get; }

    public CapturedLog Log { get; } = new();

    public OutboundClient Client { get; }

    public TokenSource Tokens { get; }

    public OutboundHttp Http { get; }

    public HttpCalls Calls { get; }

    public ResourceReader Resources { get; }

    public OpenApiCalls OpenApi { get; }

    public static StepContext Step(string key = "/do/0/call", CancellationToken cancel = default) =>
        new(TenantId.Default, new RunId(Guid.Parse("01980000-0000-7000-8000-000000000001")), key, 1, cancel);

    public static EffectRequest.Http Get(Uri uri, Authentication? authentication = null) => new("get", uri, [], [], null, HttpOutput.Content, false, authentication);

    public static EffectRequest.Http Post(Uri uri, JqValue body, string? contentType = null) =>
        new("post", uri, contentType is null ? [] : Headers(("Content-Type", contentType)), [], body, HttpOutput.Content, false, null);

    public static ImmutableArray<KeyValuePair<string, string>> Headers(params (string Name, string Value)[] headers) =>
        [.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))];

    public static ImmutableArray<KeyValuePair<string, JqValue>> Values(params (string Name, JqValue Value)[] values) =>
        [.. values.Select(value => KeyValuePair.Create(value.Name, value.Value))];

    public Task<JqValue> CallAsync(EffectRequest.Http call, CancellationToken cancel = default) => Calls.PerformAsync(call, Step(cancel: cancel));

    public Task<JqValue> GetAsync(Uri uri, Authentication? authentication = null) => CallAsync(Get(uri, authentication));

    /// <summary>The error of a call that must fail.</summary>
    public async Task<WorkflowException> FailAsync(EffectRequest.Http call) => await Assert.ThrowsAsync<WorkflowException>(() => CallAsync(call));

    public Task<WorkflowException> FailAsync(Uri uri, Authentication? authentication = null) => FailAsync(Get(uri, authentication));

    public void Dispose()
    {
        Client.Dispose();
        Log.Dispose();
    }
}
