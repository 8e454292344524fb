using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>A configured model: one POST to a target of it, the answer as a stream of events or, from upstreams that cannot stream, as one object.</summary>
internal sealed class UpstreamModel(ModelRoute route, int maxResponseBytes, OutboundClient client, TimeProvider time) : IChatModel
{
    private static readonly string Agent = $"baton/{typeof(UpstreamModel).Assembly.GetName().Version?.ToString(3)}";

    public async Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        WorkflowException? last = null;
        var hasSaid = false;
        DeltaSink? sink = onDelta is null ? null : (text, token) =>
        {
            hasSaid = true;
            return onDelta(text, token);
        };
        foreach (var (one, target) in route.InTurn(Dialect.OpenAi))
        {
            try
            {
                var answer = await AnswerAsync(one, target, request, sink, cancel);
                target.Health.Answered(null);
                return answer;
            }
            catch (WorkflowException e) when (!hasSaid && MayTryAnother(e.Class))
            {
                if (e.Class == ErrorClass.RateLimit) target.Health.Cool(e.RetryAfter);
                else target.Health.Failed(e.Class.ToName());
                last = e;
            }
        }
        if (last is not null) throw last;
        throw route.WaitFor(Dialect.OpenAi) is not { } wait
            ? CallErrors.Misconfigured($"Model '{route.Name}' has no target that speaks OpenAI's dialect, which is what workflows speak. Applications reach it at /v1/messages.")
            : CallErrors.Status(503, route.WhyNone(), wait);
    }

    private static bool MayTryAnother(ErrorClass errorClass) => errorClass is ErrorClass.Connectivity or ErrorClass.RateLimit or ErrorClass.ServiceUnavailable or ErrorClass.Auth;

    private async Task<ModelAnswer> AnswerAsync(ModelRoute one, ModelTarget target, ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        var key = ApiKey.Get(target);
        var call = new OutboundRequest("POST", target.At(Surface.ChatCompletions), Headers(request, one, target, key), ChatRequest.Write(request, target.Model, one.Options)) { IsConfigured = true };
        var label = $"Model '{one.Name}' ({call.Label})";
        using var limits = new CallLimits(label, one.Options, time, cancel);
        try
        {
            return await CallAsync(call, label, new Quotation(key, request.Messages), limits, onDelta, cancel);
        }
        catch (OperationCanceledException e) when (limits.AreOver && !cancel.IsCancellationRequested)
        {
            throw CallErrors.TimedOut(limits.Reason, e);
        }
    }

    private async Task<ModelAnswer> CallAsync(OutboundRequest call, string label, Quotation quotation, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        using var response = await client.OpenAsync(call, limits.Token);
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400) throw UpstreamErrors.Redirected(status, label);
        if (status is < 200 or >= 400) throw await ErrorAsync(response, label, quotation, limits);
        var answer = new ChatAnswer(label, quotation);
        await using var body = await response.Content.ReadAsStreamAsync(limits.Token);
        var isStream = response.Content.Headers.ContentType?.MediaType is { } type && type.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);
        return isStream ? await ReadEventsAsync(body, label, answer, limits, onDelta, cancel) : await ReadWholeAsync(body, label, answer, limits, onDelta, cancel);
    }

    private async Task<ModelAnswer> ReadEventsAsync(Stream body, string label, ChatAnswer answer, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        var parser = new SseParser();
        var buffer = new byte[16 << 10];
        for (long total = 0; ;)
        {
            var read = await HearAsync(body, buffer, label, answer, limits, cancel);
            if (read == 0) return answer.ToAnswer(cut: true);
            if ((total += read) > maxResponseBytes) throw TooLarge(label);
            if (await TakeAsync(parser, buffer.AsMemory(0, read), answer, onDelta, cancel)) return answer.ToAnswer(cut: false);
        }
    }

    /// <returns>True at the stream's own mark of its end.</returns>
    private static async ValueTask<bool> TakeAsync(SseParser parser, ReadOnlyMemory<byte> bytes, ChatAnswer answer, DeltaSink? onDelta, CancellationToken cancel)
    {
        while (parser.TryTake(ref bytes, out var found))
        {
            if (found.Data == ChatAnswer.EndOfStream) return true;
            var delta = answer.Add(found.Data);
            if (delta.Length > 0 && onDelta is not null) await onDelta(delta, cancel);
        }
        return false;
    }

    private async Task<ModelAnswer> ReadWholeAsync(Stream body, string label, ChatAnswer answer, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (await HearAsync(body, bytes.GetMemory(4096), label, answer, limits, cancel) is > 0 and var read)
        {
            bytes.Advance(read);
            if (bytes.WrittenCount > maxResponseBytes) throw TooLarge(label);
        }
        // Some upstreams stream under another content type.
        if (bytes.WrittenSpan.StartsWith("data:"u8) || bytes.WrittenSpan.StartsWith("event:"u8))
        {
            return answer.ToAnswer(cut: !await TakeAsync(new SseParser(), bytes.WrittenMemory, answer, onDelta, cancel));
        }
        var text = answer.Add(Encoding.UTF8.GetString(bytes.WrittenSpan));
        var whole = answer.ToAnswer(cut: false);
        if (onDelta is not null) await onDelta(text, cancel);
        return whole;
    }

    /// <summary>Reads what has come. What breaks or stays away behind a finished answer is the goodbye, not the answer: the end, then.</summary>
    private static async ValueTask<int> HearAsync(Stream body, Memory<byte> room, string label, ChatAnswer answer, CallLimits limits, CancellationToken cancel)
    {
        try
        {
            var read = await body.ReadAsync(room, limits.Token);
            if (read > 0) limits.Heard();
            return read;
        }
        catch (Exception e) when (answer.IsFinished && !cancel.IsCancellationRequested && e is HttpRequestException or IOException or InvalidDataException or OperationCanceledException)
        {
            return 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw CallErrors.Unreachable(label, e);
        }
    }

    private async Task<WorkflowException> ErrorAsync(HttpResponseMessage response, string label, Quotation quotation, CallLimits limits)
    {
        var said = await ErrorReply.ReadAsync(response, limits.Token);
        return UpstreamErrors.Of(UpstreamError.Read((int)response.StatusCode, said), label, quotation, ErrorReply.RetryAfter(response, time));
    }

    private static ImmutableArray<KeyValuePair<string, string>> Headers(ModelRequest request, ModelRoute one, ModelTarget target, string? key)
    {
        var headers = target.Options.Headers.ToImmutableArray();
        if (!target.Options.Headers.Keys.Contains("User-Agent", StringComparer.OrdinalIgnoreCase)) headers = headers.Add(new("User-Agent", Agent));
        headers = headers.Add(new("Accept", one.Options.Stream ? "text/event-stream, application/json" : "application/json")).Add(new("Content-Type", "application/json"));
        if (request.IdempotencyKey is { } idempotency) headers = headers.Add(new("Idempotency-Key", HttpCall.HeaderKey(idempotency)));
        return key is null ? headers : headers.Add(new(target.KeyHeader, target.Credential(key)));
    }

    private static WorkflowException TooLarge(string label) => CallErrors.BadAnswer($"{label} answered with more than its limit (Gateway:MaxResponseBytes) allows.");
}
