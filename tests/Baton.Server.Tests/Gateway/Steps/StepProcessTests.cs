using Baton.Client;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Gateway.Steps;

public sealed class StepProcessTests
{
    private const string Flow = """
        document: { dsl: '1.0.0', namespace: test, name: ask, version: 1.0.0 }
        do:
        - ask:
            call: llm
            with:
              model: m
              prompt: How many parcels were late?
              schema: { type: object, properties: { late: { type: integer } }, required: [ late ] }
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_that_arrived_before_its_server_was_killed_is_not_paid_for_again()
    {
        using var folder = new TemporaryFolder();
        var (questions, repairs, mayAnswer) = (0, 0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            if (!body.Contains("mended", StringComparison.Ordinal))
            {
                Interlocked.Increment(ref questions);
                await Replies.WholeAsync(http, "Three, I think.");   // does not fit: it is sent back to be mended
                return;
            }
            Interlocked.Increment(ref repairs);
            await mayAnswer.Task.WaitAsync(http.RequestAborted);
            await Replies.WholeAsync(http, """{"late":3}""");
        });
        var (server, address) = await ServeAsync(folder, upstream);
        string run;
        await using (server)
        {
            using var http = BatonProcess.Connect(address);
            var client = new BatonClient(http);
            await client.Workflows.RegisterAsync(Flow, revise: false, Cancel);
            run = (await client.Runs.StartAsync(new StartRun("test/ask"), null, Cancel)).Id;
            await Eventually.IsTrueAsync(() => Volatile.Read(ref repairs) == 1);
            await server.KillAsync();
        }
        var (restarted, place) = await ServeAsync(folder, upstream);
        await using (restarted)
        {
            using var http = BatonProcess.Connect(place);
            await Eventually.IsTrueAsync(() => Volatile.Read(ref repairs) == 2);
            mayAnswer.SetResult();
            var client = new BatonClient(http);
            await Eventually.IsTrueAsync(async () => (await client.Runs.GetAsync(run, Cancel)).State == "completed");
        }
        Assert.Equal((1, 2), (questions, repairs));
    }

    private static Task<(BatonProcess, Uri)> ServeAsync(TemporaryFolder folder, WebServer upstream) => BatonProcess.ServeAsync(folder.Path, folder["baton.db"], [], ("BATON_GATEWAY__MODELS__M__BASEURL", upstream["/v1"].ToString()));
}
