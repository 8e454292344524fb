using System.Text;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway;

/// <summary>A process that does nothing but forward: there everything goes on on the threads that see the sockets' events, so nothing may stand in their way.</summary>
public sealed class GatewayNodeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_pass_while_others_stand_still_and_clients_leave()
    {
        using var folder = new TemporaryFolder();
        var (held, left) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), 0);
        await using var upstream = await WebServer.StartAsync(async http =>
        {
            var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
            if (body.Contains("whole", StringComparison.Ordinal))
            {
                await Replies.WholeAsync(http, "Three.");
                return;
            }
            await Replies.StreamAsync(http, Replies.Chunk("One"));
            http.RequestAborted.Register(() => Interlocked.Increment(ref left));
            await held.Task.WaitAsync(http.RequestAborted);
            await http.Response.WriteAsync(Replies.Finish() + Replies.Done);
        });
        var (baton, address) = await BatonProcess.ServeAsync(folder.Path, folder["baton.db"], ["--roles", "gateway"], ("BATON_GATEWAY__MODELS__M__BASEURL", upstream["/v1"].ToString()));
        await using var process = baton;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address };
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync(ForwardWorld.AskStream)));   // all have begun, and stand still
        foreach (var reply in await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => SendAsync(ForwardWorld.Ask(""","metadata":{"kind":"whole"}""")))))
        {
            Assert.Equal(Replies.Completion("Three."), await reply.Content.ReadAsStringAsync(Cancel));
            reply.Dispose();
        }
        foreach (var one in streams[..10]) one.Dispose();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref left) == 10);
        held.SetResult();
        foreach (var one in streams[10..])
        {
            Assert.Equal(Replies.Chunk("One") + Replies.Finish() + Replies.Done, await one.Content.ReadAsStringAsync(Cancel));
            one.Dispose();
        }

        async Task<HttpResponseMessage> SendAsync(string body)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        }
    }
}
