using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Baton.Server.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Baton.Server.Tests.Gateway.Faults;

/// <summary>A host for models that does to each call what is planned, and keeps in it what it said.</summary>
internal sealed class FaultyTarget : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, PlannedCall> calls = [];
    private WebServer server = null!;

    public Uri Address => server["/v1"];

    public static async Task<FaultyTarget> StartAsync()
    {
        var target = new FaultyTarget();
        target.server = await WebServer.StartAsync(target.AnswerAsync);
        return target;
    }

    public void Expect(PlannedCall call) => calls[call.Number] = call;

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var prompt = body.RootElement.GetProperty("messages")[0].GetProperty("content").GetString()!;
        var call = calls[int.Parse(prompt.Split(' ')[0], CultureInfo.InvariantCulture)];
        var fault = call.Ask();
        try
        {
            if (call.Delay > TimeSpan.Zero) await Task.Delay(call.Delay, TimeProvider.System, http.RequestAborted);
            await (fault switch
            {
                TargetFault.TooManyRequests => Replies.JsonAsync(http, """{"error":{"message":"slower","code":"of_the_target"}}""", 429),
                TargetFault.ServerError => Replies.JsonAsync(http, """{"error":{"message":"no"}}""", 500),
                TargetFault.CutBeforeTheAnswer => CutAsync(http),
                _ => call.IsStream ? StreamAsync(http, call, fault) : WholeAsync(http, call, fault),
            });
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The gateway has hung up.
        }
    }

    private static async Task WholeAsync(HttpContext http, PlannedCall call, TargetFault fault)
    {
        var answer = $$$"""{"choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{{{Usage(call)}}} }""";
        if (fault is TargetFault.CutInTheMiddle or TargetFault.CutAfterUsage)
        {
            http.Response.ContentLength = answer.Length;
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(answer[..(answer.Length / 2)]);
            await CutAsync(http);
            return;
        }
        call.Say(call.Tokens);
        call.Tell();
        await Replies.JsonAsync(http, answer);
    }

    private static async Task StreamAsync(HttpContext http, PlannedCall call, TargetFault fault)
    {
        var gone = http.RequestAborted;
        for (var at = 0; at < call.Tokens;)
        {
            var burst = Math.Min(PlannedCall.Burst, call.Tokens - at);
            at += burst;
            call.Say(burst);
            await Replies.StreamAsync(http, string.Concat(Enumerable.Repeat(Replies.Chunk("x"), burst)));
            if (fault == TargetFault.CutInTheMiddle && at > call.CutAt)
            {
                await Replies.StreamAsync(http, Replies.Chunk("x")[..20]);
                await CutAsync(http);
                return;
            }
            await call.TakenAsync(burst, gone);
        }
        if (fault != TargetFault.UntoldUsage)
        {
            call.Say(1);
            call.Tell();
            await Replies.StreamAsync(http, Replies.Data($$"""{"choices":[],"usage":{{Usage(call)}} }"""));
        }
        if (fault == TargetFault.CutAfterUsage)
        {
            await CutAsync(http);
            return;
        }
        call.Say(1);
        await Replies.StreamAsync(http, Replies.Done);
    }

    private static string Usage(PlannedCall call) => $$"""{"prompt_tokens":{{call.Number}},"completion_tokens":{{call.Tokens}},"total_tokens":{{call.Number + call.Tokens}} }""";

    private static async Task CutAsync(HttpContext http)
    {
        await http.Response.Body.FlushAsync();
        http.Abort();
    }
}
