using System.Collections.Concurrent;
using Baton.Server.Notifications;
using Baton.Server.Tests.Support;

namespace Baton.Server.Tests.Notifications;

/// <summary>Who is told when a policy lets a run fail, and that a notifier which fails harms no run.</summary>
public sealed class NotificationTests
{
    private const string Failing = "do: [ { r: { raise: { error: { type: 'urn:odd', status: 422, title: Odd, detail: secret-words } }, metadata: { baton: { on_error: { rules: [ { fail: { notify: hook } } ] } } } } } ]";

    [Fact]
    public async Task A_webhook_is_signed_repeated_under_one_id_and_taken_in_the_end()
    {
        var received = new ConcurrentQueue<(string Id, string Signature, byte[] Body)>();
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var receiver = await WebServer.StartAsync(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            received.Enqueue((http.Request.Headers["X-Baton-Id"].ToString(), http.Request.Headers["X-Baton-Signature"].ToString(), body.ToArray()));
            http.Response.StatusCode = received.Count < 3 ? 503 : 204;
            if (received.Count == 3) taken.SetResult();
        });
        await using var server = await ServerAsync(receiver["/hook"].ToString());
        var run = await server.StartRunAsync("fails");
        Assert.Equal("failed", (await server.EndAsync(run)).State);
        await taken.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        var (id, signature, sent) = received.Last();
        Assert.Single(received.Select(one => one.Id).Distinct());
        var seconds = long.Parse(signature["t=".Length..signature.IndexOf(',', StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(Webhook.Sign("a key", seconds, sent), signature);
        Assert.NotEqual(Webhook.Sign("another", seconds, sent), signature);
        var message = System.Text.Json.JsonElement.Parse(sent);
        Assert.Equal((id, "run.failed", run), (message.GetProperty("id").GetString(), message.GetProperty("kind").GetString(), message.GetProperty("run_id").GetString()));
        Assert.Equal("Odd", message.GetProperty("details").GetProperty("error").GetProperty("title").GetString());
    }

    [Fact]
    public async Task What_nobody_takes_is_given_up_and_logged_and_the_run_is_as_it_was()
    {
        await using var server = await ServerAsync("http://127.0.0.1:1/nobody");
        Assert.Equal("failed", (await server.EndAsync(await server.StartRunAsync("fails"))).State);
        await Eventually.IsTrueAsync(() => server.Log.Lines.Any(line => line.Contains("was given up after 4 attempts at hook", StringComparison.Ordinal)));
        await server.WorksAsync();
    }

    [Fact]
    public async Task What_was_not_sent_before_a_restart_is_sent_after_it()
    {
        using var folder = new TemporaryFolder();
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isOpen = false;
        await using var receiver = await WebServer.StartAsync(http =>
        {
            http.Response.StatusCode = Volatile.Read(ref isOpen) ? 200 : 503;
            if (isOpen) taken.TrySetResult();
            return Task.CompletedTask;
        });
        await using (var first = await ServerAsync(receiver["/hook"].ToString(), folder, attempts: "50"))
        {
            Assert.Equal("failed", (await first.EndAsync(await first.StartRunAsync("fails"))).State);
        }
        Volatile.Write(ref isOpen, true);
        await using var second = await ServerAsync(receiver["/hook"].ToString(), folder, attempts: "50");
        await taken.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData("Notifications:Channels:hook:Url", "ftp://x", "Notifications:Channels:hook:Url")]
    [InlineData("Notifications:Default:0", "hok", "Did you mean 'hook'?")]
    [InlineData("Notifications:Channels:hook:Secrt", "x", "Did you mean 'Secret'?")]
    [InlineData("ErrorPolicies:Default", "standart", "Did you mean 'standard'?")]
    public async Task A_wrong_setting_keeps_the_server_from_starting_and_is_named(string name, string value, string part)
    {
        var values = Channel("http://127.0.0.1:1/");
        values[name] = value;
        var e = await Assert.ThrowsAnyAsync<Exception>(() => TestServer.StartAsync(new TestServer.Settings { Values = values }));
        Assert.Contains(part, e.ToString(), StringComparison.Ordinal);
    }

    private static async Task<TestServer> ServerAsync(string url, TemporaryFolder? folder = null, string attempts = "4")
    {
        var values = Channel(url);
        values["Notifications:MaxAttempts"] = attempts;
        var server = await TestServer.StartAsync(new TestServer.Settings { Values = values, Folder = folder });
        Assert.InRange((await server.PostAsync("/api/v1/workflows", TestServer.Document("fails", Failing))).Status, 200, 201);
        return server;
    }

    private static Dictionary<string, string?> Channel(string url) => new()
    {
        ["Notifications:Channels:hook:Kind"] = "webhook",
        ["Notifications:Channels:hook:Url"] = url,
        ["Notifications:Channels:hook:Secret"] = "a key",
        ["Notifications:FirstDelay"] = "00:00:00.02",
        ["Notifications:Timeout"] = "00:00:01",
    };
}
