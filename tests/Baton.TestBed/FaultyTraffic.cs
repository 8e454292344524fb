using System.Net.Http.Headers;
using System.Text;

namespace Baton.TestBed;

/// <summary>Clients of a server whose models are those of a <see cref="FaultyHost"/>.</summary>
public static class FaultyTraffic
{
    private const int AtOnce = 32, LeavesEach = 5;

    /// <summary>Sends requests, one fault after the other, every other one for a stream, and waits for the ends of all. Every fifth client leaves: before the answer, or at its first byte.</summary>
    /// <param name="key">The callers'; null for none.</param>
    /// <param name="first">The number of the first: it decides what happens.</param>
    /// <returns>How many were answered to their ends, with whatever.</returns>
    public static async Task<int> SendAsync(Uri server, string? key, int first, int count, CancellationToken cancel)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, MaxResponseDrainSize = 0 }) { BaseAddress = server };
        if (key is not null) http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        var (next, answered) = (first - 1, 0);
        await Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(async () =>
        {
            for (int number; (number = Interlocked.Increment(ref next)) < first + count;)
            {
                if (await AskAsync(http, number, cancel)) Interlocked.Increment(ref answered);
            }
        }, cancel)));
        return answered;
    }

    /// <returns>Whether the answer came to an end.</returns>
    private static async Task<bool> AskAsync(HttpClient http, int number, CancellationToken cancel)
    {
        var (model, turn) = (FaultyHost.Models[number % FaultyHost.Models.Count], number / FaultyHost.Models.Count);
        var body = $$"""{"model":"{{model}}","messages":[{"role":"user","content":"How many parcels?"}],"max_tokens":20,"temperature":0{{(turn % 2 == 0 ? ",\"stream\":true" : "")}}}""";
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (turn % 3 == 0) request.Headers.Add("x-baton-cache", "bypass");   // else identical requests under way share an answer, where models are set so
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var leaves = turn % LeavesEach == 0;
        try
        {
            if (leaves && turn % 2 == 1) leaving.CancelAfter(TimeSpan.FromMilliseconds(number % 20));
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
            if (leaves) return false;
            await response.Content.ReadAsByteArrayAsync(cancel);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return false;   // it left, or half of an answer in one piece was broken off
        }
    }
}
