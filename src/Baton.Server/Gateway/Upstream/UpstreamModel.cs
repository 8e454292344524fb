using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>A model behind an OpenAI-compatible API: one POST, the answer as a stream of events or, from upstreams that cannot stream, as one object.</summary>
internal sealed class UpstreamModel(string name, ModelOptions model, int maxResponseBytes, OutboundClient client, TimeProvider time) : IChatModel
{
    private static readonly string Agent = $"baton/{typeof(UpstreamModel).Assembly.GetName().Version?.ToString(3)}";

    public string UpstreamName => model.Model ?? name;

    public async Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        var key = ApiKey.Get(name, model);
        var uri = Endpoint.Of(model.BaseUrl!);
        var call = new OutboundRequest("POST", uri, Headers(request, key), ChatRequest.Write(request, UpstreamName, model)) { IsConfigured = true };
        var label = $"Model '{name}' ({call.Label})";
        using var limits = new CallLimits(label, model, time, cancel);
        try
        {
            return await CallAsync(call, label, new Quotation(key, request.Messages), limits, onDelta, cancel);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw limits.Explain(e);
        }
    }

    private async Task<ModelAnswer> CallAsync(OutboundRequest call, string label, Quotation quotation, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        using var response = await client.OpenAsync(call, limits.Token);
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400) throw UpstreamErrors.Redirected(status, label);
        if (status is < 200 or >= 400) throw await ErrorAsync(response, label, quotation, limits);
        var answer = new ChatAnswer(label, quotation);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limits.Token);
            var isStream = response.Content.Headers.ContentType?.MediaType is { } type && type.Equals("text/event-stream", StringComparison.OrdinalIgnoreCase);
            return isStream ? await ReadEventsAsync(body, label, answer, limits, onDelta, cancel) : await ReadWholeAsync(body, label, answer, limits, onDelta, cancel);
        }
        catch (Exception e) when (answer.IsFinished && !cancel.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return answer.ToAnswer(cut: false);   // what broke or never came is the goodbye, not the answer
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            throw CallErrors.Unreachable(label, e);
        }
    }

    private async Task<ModelAnswer> ReadEventsAsync(Stream body, string label, ChatAnswer answer, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        var parser = new SseParser();
        var buffer = new byte[16 << 10];
        for (long total = 0; ;)
        {
            var read = await body.ReadAsync(buffer, limits.Token);
            if (read == 0) return answer.ToAnswer(cut: true);
            limits.Heard();
            if ((total += read) > maxResponseBytes) throw TooLarge(label);
            ReadOnlyMemory<byte> bytes = buffer.AsMemory(0, read);
            while (parser.TryTake(ref bytes, out var found))
            {
                if (found.Data == ChatAnswer.EndOfStream) return answer.ToAnswer(cut: false);
                var delta = answer.Add(found.Data);
                if (delta.Length > 0 && onDelta is not null) await onDelta(delta, cancel);
            }
        }
    }

    private async Task<ModelAnswer> ReadWholeAsync(Stream body, string label, ChatAnswer answer, CallLimits limits, DeltaSink? onDelta, CancellationToken cancel)
    {
        var bytes = await ReadAsync(body, limits, maxResponseBytes + 1L);
        if (bytes.Length > maxResponseBytes) throw TooLarge(label);
        var text = answer.Add(Encoding.UTF8.GetString(bytes.Span));
        answer.RequireChoice();
        var whole = answer.ToAnswer(cut: false);
        if (onDelta is not null) await onDelta(text, cancel);
        return whole;
    }

    private async Task<WorkflowException> ErrorAsync(HttpResponseMessage response, string label, Quotation quotation, CallLimits limits)
    {
        var said = ReadOnlyMemory<byte>.Empty;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(limits.Token);
            said = await ReadAsync(body, limits, OutboundClient.ErrorBytes);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException)
        {
            // the status says enough
        }
        return UpstreamErrors.Of(UpstreamError.Read((int)response.StatusCode, said.Span), label, quotation, RetryAfter(response));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        if (response.Headers.RetryAfter is not { } retry) return null;
        var wait = retry.Delta ?? retry.Date - time.GetUtcNow();
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream body, CallLimits limits, long most)
    {
        var bytes = new ArrayBufferWriter<byte>();
        while (bytes.WrittenCount < most)
        {
            var room = bytes.GetMemory(4096);
            var read = await body.ReadAsync(room[..(int)Math.Min(room.Length, most - bytes.WrittenCount)], limits.Token);
            if (read == 0) break;
            limits.Heard();
            bytes.Advance(read);
        }
        return bytes.WrittenMemory;
    }

    private ImmutableArray<KeyValuePair<string, string>> Headers(ModelRequest request, string? key)
    {
        var headers = model.Headers.ToImmutableArray();
        if (!model.Headers.Keys.Contains("User-Agent", StringComparer.OrdinalIgnoreCase)) headers = headers.Add(new("User-Agent", Agent));
        headers = headers.Add(new("Accept", model.Stream ? "text/event-stream, application/json" : "application/json")).Add(new("Content-Type", "application/json"));
        if (request.IdempotencyKey is { } idempotency) headers = headers.Add(new("Idempotency-Key", HttpCall.HeaderKey(idempotency)));
        if (key is null) return headers;
        var isBearer = model.ApiKeyHeader.Equals(ModelOptions.DefaultKeyHeader, StringComparison.OrdinalIgnoreCase);
        return headers.Add(new(model.ApiKeyHeader, isBearer ? $"Bearer {key}" : key));
    }

    private static WorkflowException TooLarge(string label) => CallErrors.BadAnswer($"{label} answered with more than its limit (Gateway:MaxResponseBytes) allows.");
}
