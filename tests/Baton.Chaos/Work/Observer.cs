using System.Text;
using System.Text.Json;
using Baton.Chaos.World;
using Baton.Client;

namespace Baton.Chaos.Work;

/// <summary>Reads what a node gives out as durable, and tells the recorder: no call for such a step may begin from then on.</summary>
internal sealed class Observer(Stage stage, Random random)
{
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(200);

    /// <summary>Follows a run, and its children, to the end; by another node when one is gone.</summary>
    /// <param name="speak">Whether to send the event that it waits for.</param>
    /// <returns>The state in which it ended.</returns>
    public async Task<string> FollowAsync(string run, bool speak, CancellationToken cancel)
    {
        var children = new Dictionary<string, Task<string>>();
        var spoken = false;
        while (true)
        {
            var node = await stage.AnyNodeAsync(random, cancel);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(node.Life, cancel);
            try
            {
                await foreach (var seen in node.Client.Runs.EventsAsync(run, TimeProvider.System, either.Token))
                {
                    switch (seen)
                    {
                        case { Entry: { Kind: "step_completed" } entry }:
                            stage.Recorder.Report(run, entry.Key);
                            break;
                        case { Entry: { Kind: "child_started", Meta: { } meta } } when meta.TryGetProperty("child", out var child) && !children.ContainsKey(child.GetString()!):
                            children[child.GetString()!] = new Observer(stage, random).FollowAsync(child.GetString()!, speak: false, cancel);
                            break;
                        case { Entry.Kind: "listening_started" } when speak && !spoken:
                            await SpeakAsync(run, cancel);
                            spoken = true;
                            break;
                        case { Run: { IsTerminal: true } ended }:
                            await Task.WhenAll(children.Values);
                            return ended.State;
                    }
                }
            }
            catch (Exception e) when (Node.IsNoAnswer(e) && !cancel.IsCancellationRequested)
            {
                await Task.Delay(BetweenTries, TimeProvider.System, cancel);
            }
        }
    }

    public Task<RunResult> ResultAsync(string run, CancellationToken cancel) => stage.AskAsync(random, (node, cancel) => node.Client.Runs.ResultAsync(run, cancel), cancel);

    /// <summary>Publishes the event until a node has acknowledged it. One that came through unacknowledged reaches nobody the second time.</summary>
    private async Task SpeakAsync(string run, CancellationToken cancel)
    {
        while (true)
        {
            var node = await stage.AnyNodeAsync(random, cancel);
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(node.Life, cancel);
                using var content = new StringContent(JsonSerializer.Serialize(new { type = Script.Go, subject = run }), Encoding.UTF8, "application/json");
                using var answer = await node.Http.PostAsync(new Uri("/api/v1/events", UriKind.Relative), content, either.Token);
                if (answer.IsSuccessStatusCode) return;
            }
            catch (Exception e) when (Node.IsNoAnswer(e) && !cancel.IsCancellationRequested)
            {
                // To another node, then.
            }
            await Task.Delay(BetweenTries, TimeProvider.System, cancel);
        }
    }
}
