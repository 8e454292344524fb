using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>Clients that ask one call after the other, leave when it is planned, and keep what they saw.</summary>
/// <param name="secret">Of the key that they all have.</param>
internal sealed class FaultyClients(FaultyTarget target, string secret, int seed)
{
    private readonly Lock gate = new();
    private readonly List<PlannedCall> calls = [];
    private int clock;

    /// <summary>All that were made.</summary>
    public IReadOnlyList<PlannedCall> Calls
    {
        get
        {
            lock (gate) return [.. calls];
        }
    }

    /// <summary>What they have been given of answers.</summary>
    public int Received => Calls.Sum(call => call.Received);

    /// <summary>Calls for which a budget had no money.</summary>
    public List<Refusal> Refusals { get; } = [];

    /// <summary>What nobody planned.</summary>
    public List<string> Surprises { get; } = [];

    /// <summary>A client that goes on until it has been refused twice.</summary>
    public async Task PlayAsync(FaultyNode node)
    {
        var (life, http, before) = ((NodeLife?)null, (HttpClient?)null, (PlannedCall?)null);
        try
        {
            for (var refusals = 0; refusals < 2;)
            {
                var now = await node.Life;
                if (now != life)
                {
                    http?.Dispose();
                    (life, http, before) = (now, Connect(now), null);
                }
                var call = Next(life, number => new PlannedCall(number, seed));
                if (await AskAsync(http!, call, before)) refusals++;
                before = call.IsAnswered ? call : null;
            }
        }
        finally
        {
            http?.Dispose();
        }
    }

    /// <summary>One call to which nothing happens.</summary>
    /// <returns>Whether it was refused for want of money.</returns>
    public async Task<bool> AskAsync(FaultyNode node, int tokens)
    {
        var life = await node.Life;
        using var http = Connect(life);
        return await AskAsync(http, Next(life, number => PlannedCall.Plain(number, tokens)), null);
    }

    /// <summary>So many streams side by side: each has its first tokens before any goes on.</summary>
    public async Task StreamAtOnceAsync(FaultyNode node, int count)
    {
        var life = await node.Life;
        var begun = new CountdownEvent(count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(async _ =>
        {
            using var http = Connect(life);
            var call = Next(life, number => PlannedCall.Plain(number, 2 * PlannedCall.Burst, isStream: true));
            using var response = await http.SendAsync(Request(call), HttpCompletionOption.ResponseHeadersRead);
            Assert.True(response.IsSuccessStatusCode, $"{call}: {response.StatusCode}");
            begun.Signal();
            await Eventually.IsTrueAsync(() => begun.IsSet);
            await ReadAsync(response, call);
        }));
    }

    /// <returns>Whether it was refused for want of money.</returns>
    private async Task<bool> AskAsync(HttpClient http, PlannedCall call, PlannedCall? before)
    {
        using var leaving = new CancellationTokenSource();
        var sent = Tick();
        try
        {
            var sending = http.SendAsync(Request(call), HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            if (call.LeavesAfter == 0)
            {
                await Task.WhenAny(sending, call.Asked);
                await leaving.CancelAsync();
            }
            using var response = await sending;
            if (response.IsSuccessStatusCode)
            {
                await ReadAsync(response, call);
                return false;
            }
            var body = await response.Content.ReadAsStringAsync();
            call.IsAnswered = true;
            var code = JsonElement.Parse(body).GetProperty("error") is var error && error.TryGetProperty("code", out var named) ? named.GetString() : null;
            if (code != "insufficient_quota")
            {
                if ((int)response.StatusCode is not (429 or 500 or 502) || code is "rate_limit_exceeded" or "budget_unknown") Note($"{call} was answered {(int)response.StatusCode}: {body}");
                return false;
            }
            var refusal = new Refusal(call, Held(call, sent), body);
            lock (gate) Refusals.Add(refusal);
            return true;
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            if (!call.Life!.IsKilled) Note($"{call} ended with {e.Message}");
            return false;
        }
        finally
        {
            if (before is not null && (call.IsAnswered || call.Asked.IsCompleted)) before.SettledAt = Tick();   // a connection's next request waits until the last one has ended
        }
    }

    private async Task ReadAsync(HttpResponseMessage response, PlannedCall call)
    {
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        if (!call.IsStream)
        {
            await reader.ReadToEndAsync();
            call.Receive(call.Tokens);
            call.IsAnswered = true;
            return;
        }
        while (await reader.ReadLineAsync() is { } line)
        {
            if (!line.StartsWith("data: {", StringComparison.Ordinal) || line.Contains("\"error\":", StringComparison.Ordinal)) continue;
            call.Receive(1);
            if (call.Received == call.LeavesAfter) return;
        }
        call.IsAnswered = true;
    }

    /// <summary>The most that all other calls can have held of a budget at some time since this one was sent.</summary>
    private int Held(PlannedCall call, int sent) => Calls.Where(other => other != call).Sum(other => other.SettledAt < sent ? other.Said : other.Held);

    private PlannedCall Next(NodeLife life, Func<int, PlannedCall> plan)
    {
        lock (gate)
        {
            var call = plan(PlannedCall.First + calls.Count);
            call.Life = life;
            target.Expect(call);
            calls.Add(call);
            return call;
        }
    }

    private static HttpRequestMessage Request(PlannedCall call) => new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(call.Body(), Encoding.UTF8, "application/json") };

    private HttpClient Connect(NodeLife life)
    {
        // One connection, and one that ends when an answer is left.
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = 1, MaxResponseDrainSize = 0 }) { BaseAddress = life.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        return http;
    }

    private int Tick()
    {
        lock (gate) return ++clock;
    }

    private void Note(string surprise)
    {
        lock (gate) Surprises.Add(surprise);
    }
}

/// <param name="Held">The most that others can have held then.</param>
internal sealed record Refusal(PlannedCall Call, int Held, string Body);
