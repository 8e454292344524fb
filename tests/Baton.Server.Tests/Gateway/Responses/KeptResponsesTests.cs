using Baton.Server.Gateway;
using Baton.Server.Tests.Storage;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Baton.Server.Tests.Gateway.Responses;

public sealed class KeptResponsesTests
{
    [Fact]
    public async Task An_answer_does_not_wait_for_a_database_that_says_nothing()
    {
        await using var stores = await Stores.OnSqliteAsync();
        using var log = new CapturedLog();
        using var goOn = new ManualResetEventSlim();
        var responses = new KeptResponses(new ResponseStore(stores.Database), Options.Create(new GatewayOptions()), stores.Time, log.For<KeptResponses>());
        var stuck = stores.Database.WriteAsync(_ =>
        {
            goOn.Wait(TestContext.Current.CancellationToken);
            return true;
        }).AsTask();
        var call = new GatewayCall(Surface.Responses, GatewayWorld.Origin, new HeaderDictionary(), stores.Time, CancellationToken.None) { Answer = new AnswerRecording(1024) };
        var keeping = responses.TryKeepAsync(call, new StoredResponse("resp_1", null, "{}"u8.ToArray(), "[]"u8.ToArray(), "[]"u8.ToArray(), 0));
        Assert.False(keeping.IsCompleted);
        stores.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(await keeping);
        Assert.Contains(log.Lines, line => line.Contains("could not be kept", StringComparison.Ordinal));
        goOn.Set();
        Assert.True(await stuck);
    }
}
