using System.Net;
using System.Net.Http.Json;

namespace Baton.Server.Tests.TestBed;

public sealed class RecorderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_after_its_outcome_was_reported_is_told_from_one_before()
    {
        using var folder = new TemporaryFolder();
        await using var recorder = await Recorder.StartAsync(folder["log"]);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await CallAsync(http, recorder["/charge"], "run_1/do/0/charge");
        await CallAsync(http, recorder["/charge"], "run_1/do/0/charge");
        recorder.Report("run_1", "do/0/charge");
        await CallAsync(http, recorder["/charge"], "run_2/do/0/charge");
        Assert.Empty(recorder.Repeated);

        await CallAsync(http, recorder["/charge"], "run_1/do/0/charge");

        var repeated = Assert.Single(recorder.Repeated);
        Assert.Equal(("run_1", "do/0/charge", "/charge", """{"n":1}"""), (repeated.Run, repeated.Key, repeated.Path, repeated.Body));
        Assert.Equal(3, recorder.Times("run_1", "do/0/charge"));
        Assert.Equal(recorder.Log.Length, (await File.ReadAllLinesAsync(folder["log"], Cancel)).Length);
        Assert.All(recorder.Log.Where(seen => seen.Kind == SeenKind.End), end => Assert.Contains(recorder.Log, begin => begin.Kind == SeenKind.Begin && begin.No == end.Call && begin.No < end.No));
    }

    [Fact]
    public async Task It_fails_as_often_as_it_is_told_and_then_answers_again()
    {
        await using var recorder = await Recorder.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        recorder.FailNext(HttpStatusCode.ServiceUnavailable, HttpStatusCode.BadRequest);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await CallAsync(http, recorder["/"], "run_1/a"));
        Assert.Equal(HttpStatusCode.BadRequest, await CallAsync(http, recorder["/"], "run_1/a"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(http, recorder["/"], "run_1/a"));
    }

    [Fact]
    public async Task A_call_may_ask_to_fail_and_its_retry_counts_although_it_has_another_key()
    {
        await using var recorder = await Recorder.StartAsync();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await CallAsync(http, recorder["/?fail_times=2"], "run_1/try"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await CallAsync(http, recorder["/?fail_times=2"], "run_1/try~2"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(http, recorder["/?fail_times=2"], "run_1/try~3"));
    }

    [Fact]
    public async Task A_call_whose_caller_leaves_has_begun_and_ends()
    {
        await using var recorder = await Recorder.StartAsync();
        var (began, ended) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        recorder.Saw += seen => (seen.Kind == SeenKind.Begin ? began : ended).TrySetResult();
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = http.PostAsJsonAsync(recorder["/?delay_ms=60000"], 1, leaving.Token);
        await began.Task.WaitAsync(Cancel);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await ended.Task.WaitAsync(Cancel);
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient http, Uri address, string idempotencyKey)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = JsonContent.Create(new { n = 1 }) };
        request.Headers.Add("Idempotency-Key", idempotencyKey);
        using var response = await http.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
