using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Baton.Client;

/// <summary>Runs of a server: start, look, follow, steer. Every method throws <see cref="BatonException"/> when the server refuses.</summary>
public sealed class RunsClient
{
    private readonly BatonClient client;

    internal RunsClient(BatonClient client) => this.client = client;

    /// <param name="idempotencyKey">A repetition with the same key returns the first run.</param>
    public Task<RunView> StartAsync(StartRun run, string? idempotencyKey, CancellationToken cancel) => idempotencyKey is null
        ? client.PostAsync("/api/v1/runs", BatonClient.Json(run, WireJson.Web.StartRun), WireJson.Web.RunView, cancel)
        : client.PostAsync("/api/v1/runs", BatonClient.Json(run, WireJson.Web.StartRun), WireJson.Web.RunView, cancel, ("Idempotency-Key", idempotencyKey));

    public Task<RunView> GetAsync(string id, CancellationToken cancel) => client.GetAsync($"/api/v1/runs/{Segment(id)}", WireJson.Web.RunView, cancel);

    public Task<RunResult> ResultAsync(string id, CancellationToken cancel) => client.GetAsync($"/api/v1/runs/{Segment(id)}/result", WireJson.Web.RunResult, cancel);

    /// <param name="query">Filters as the API names them: state, workflow, label, parent, forked_from, created_after, created_before, ended_before, text, count, cursor, limit.</param>
    public Task<Page<RunView>> ListAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/runs{BatonClient.Query(query)}", WireJson.Web.PageRunView, cancel);

    /// <param name="after">Entries after this position; -1 for all.</param>
    public Task<Page<JournalEntryView>> JournalAsync(string id, long after, int limit, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/runs/{Segment(id)}/journal?after={after}&limit={limit}", WireJson.Web.PageJournalEntryView, cancel);

    /// <param name="verb">cancel, pause or resume.</param>
    /// <param name="tree">True for the run and all runs below it.</param>
    public Task<RunView> ControlAsync(string id, string verb, string? reason, CancellationToken cancel, bool tree = false) =>
        client.PostAsync($"/api/v1/runs/{Segment(id)}/{verb}{(tree ? "?tree=true" : "")}", BatonClient.Json(new ControlRequest(reason), WireJson.Web.ControlRequest), WireJson.Web.RunView, cancel);

    /// <summary>Lets a run that failed or was cancelled go on: what failed is performed again.</summary>
    /// <param name="from">The position of the entry from which on failures are performed again; null for where the failure that ended the run begins.</param>
    public Task<RunView> RetryAsync(string id, long? from, CancellationToken cancel) =>
        client.PostAsync($"/api/v1/runs/{Segment(id)}/retry", BatonClient.Json(new RetryRequest(from), WireJson.Web.RetryRequest), WireJson.Web.RunView, cancel);

    /// <summary>Makes a run of another one's beginning.</summary>
    public Task<RunView> ForkAsync(string id, ForkRequest fork, CancellationToken cancel) =>
        client.PostAsync($"/api/v1/runs/{Segment(id)}/fork", BatonClient.Json(fork, WireJson.Web.ForkRequest), WireJson.Web.RunView, cancel);

    /// <summary>Removes a run that has ended, and all that is its own.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/v1/runs/{Segment(id)}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, cancel).ConfigureAwait(false);
    }

    /// <summary>Does one thing to the runs that a filter finds, up to its limit: go on with the cursor of the answer.</summary>
    public Task<BulkView> BulkAsync(BulkRequest bulk, CancellationToken cancel) => client.PostAsync("/api/v1/runs/bulk", BatonClient.Json(bulk, WireJson.Web.BulkRequest), WireJson.Web.BulkView, cancel);

    /// <param name="after">Errors after this position; -1 for all.</param>
    public Task<Page<RunErrorView>> ErrorsAsync(string id, long after, int limit, CancellationToken cancel) =>
        client.GetAsync($"/api/v1/runs/{Segment(id)}/errors?after={after}&limit={limit}", WireJson.Web.PageRunErrorView, cancel);

    /// <summary>What the steps of a run came to, summed up.</summary>
    public Task<ResultsView> ResultsAsync(string id, CancellationToken cancel) => client.GetAsync($"/api/v1/runs/{Segment(id)}/results", WireJson.Web.ResultsView, cancel);

    /// <param name="query">As the API names it: workflow, created_after, created_before, period.</param>
    public Task<StatisticsView> StatisticsAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken cancel) => client.GetAsync($"/api/v1/runs/statistics{BatonClient.Query(query)}", WireJson.Web.StatisticsView, cancel);

    /// <summary>Writes the ended and paused runs that fit, as JSON lines.</summary>
    public async Task ArchiveAsync(IEnumerable<KeyValuePair<string, string>> query, Stream to, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/archive{BatonClient.Query(query)}");
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        await response.Content.CopyToAsync(to, cancel).ConfigureAwait(false);
    }

    /// <summary>Stores the runs of an archive.</summary>
    public Task<ImportView> ImportAsync(Stream archive, CancellationToken cancel)
    {
        var content = new StreamContent(archive);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-ndjson");
        return client.PostAsync("/api/v1/runs/import", content, WireJson.Web.ImportView, cancel);
    }

    public Task<RunView> SignalAsync(string id, string name, JsonElement payload, CancellationToken cancel) =>
        client.PostAsync($"/api/v1/runs/{Segment(id)}/signals/{Segment(name)}", BatonClient.Json(payload, WireJson.Web.JsonElement), WireJson.Web.RunView, cancel);

    /// <summary>The run's events until it ends. A stream that breaks is taken up where it broke; what is recorded comes exactly once.</summary>
    /// <param name="time">The clock for pauses between connections.</param>
    public async IAsyncEnumerable<RunEvent> EventsAsync(string id, TimeProvider time, [EnumeratorCancellation] CancellationToken cancel)
    {
        string? last = null;
        var connected = false;
        for (var broken = 0; ;)
        {
            var ended = false;
            await using (var stream = ReadAsync(id, last, cancel).GetAsyncEnumerator(cancel))
            {
                while (await NextAsync(stream, connected).ConfigureAwait(false))
                {
                    connected = true;
                    broken = 0;
                    var one = stream.Current;
                    last = one.Id ?? last;
                    ended = one.Run is { IsTerminal: true };
                    yield return one;
                }
            }
            if (ended) yield break;
            if (++broken > 20) throw new BatonException(new Problem("urn:baton:problem:stream-broken", "The event stream broke", 0, $"The stream of {id} broke {broken} times in a row."));
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(100 * (1 << Math.Min(broken, 6)), 5_000)), time, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>False when the stream ended or broke: the caller connects again. The first connection's refusal is passed on.</summary>
    private static async ValueTask<bool> NextAsync(IAsyncEnumerator<RunEvent> stream, bool connected)
    {
        try
        {
            return await stream.MoveNextAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException || (connected && e is BatonException { Problem.Status: 0 or 503 }))
        {
            return false;
        }
    }

    private async IAsyncEnumerable<RunEvent> ReadAsync(string id, string? last, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/runs/{Segment(id)}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (last is not null) request.Headers.Add("Last-Event-ID", last);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") throw new BatonException(BatonClient.Unreadable(response));
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false), Encoding.UTF8);
        string? type = null, eventId = null;
        var data = new StringBuilder();
        while (await reader.ReadLineAsync(cancel).ConfigureAwait(false) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal)) eventId = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data.Append(line.AsSpan(6));
            else if (line.Length == 0 && type is not null)
            {
                yield return Parse(type, eventId, data.ToString());
                (type, eventId) = (null, null);
                data.Clear();
            }
        }
    }

    private static RunEvent Parse(string type, string? id, string data) => type switch
    {
        "entry" => new RunEvent(type, id, JsonSerializer.Deserialize(data, WireJson.Web.JournalEntryView), null, null),
        "step_started" => new RunEvent(type, id, null, JsonSerializer.Deserialize(data, WireJson.Web.StepStartedView), null),
        "state" => new RunEvent(type, id, null, null, JsonSerializer.Deserialize(data, WireJson.Web.RunView)),
        _ => new RunEvent(type, id, null, null, null),
    };

    private static string Segment(string text) => Uri.EscapeDataString(text);
}
