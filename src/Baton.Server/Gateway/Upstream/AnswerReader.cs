using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>Puts the answer to a call together that comes from within the process, and tells of it piece by piece.</summary>
/// <param name="maxBytes">Largest answer that is taken, with its frames.</param>
/// <param name="listening">Cancelled when the rest of the answer is of no use.</param>
internal sealed class AnswerReader(ModelRequest request, int maxBytes, DeltaSink? onDelta, CancellationTokenSource listening) : IAnswerSink
{
    private readonly ArrayBufferWriter<byte> whole = new();
    private readonly SseParser events = new();
    private ChatAnswer? answer;
    private ExceptionDispatchInfo? failure;
    private string label = "";
    private int status;
    private long total;
    private bool isStream, isDone;

    /// <summary>Whose answer it is.</summary>
    public GatewayCall Call { get; set; } = null!;

    public IHeaderDictionary Headers { get; } = new HeaderDictionary();

    public bool HasBegun => status != 0;

    /// <summary>Whether what came cannot be used, or the listener has had enough.</summary>
    public bool HasFailed => failure is not null;

    public void Begin(int status, long? length)
    {
        this.status = status;
        label = $"Model '{Call.AskedLast ?? request.Model}'";
        answer = new ChatAnswer(label, Quotation());
        isStream = Headers.ContentType.ToString().StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase);
    }

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        try
        {
            if ((total += bytes.Length) > maxBytes) throw CallErrors.BadAnswer($"{label} answered with more than its limit (Gateway:MaxResponseBytes) allows.");
            if (isStream && status < 300) await TakeAsync(bytes, cancel);
            else whole.Write(bytes.Span);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancel.IsCancellationRequested)
        {
            // Not the target's fault: no other is to be asked for it.
            failure = ExceptionDispatchInfo.Capture(e);
            await listening.CancelAsync();
            throw new OperationCanceledException(listening.Token);
        }
    }

    public void Abort() => failure ??= ExceptionDispatchInfo.Capture(answer!.Broken());

    /// <summary>The answer, once all of it has come.</summary>
    /// <exception cref="WorkflowException">It is an error, or no answer.</exception>
    public async Task<ModelAnswer> EndAsync(TimeProvider time, CancellationToken cancel)
    {
        failure?.Throw();
        if (status is < 200 or >= 300) throw UpstreamErrors.Of(UpstreamError.Read(status, whole.WrittenSpan), label, Quotation(), ErrorReply.RetryAfter(Headers.RetryAfter, time));
        if (!isStream) await TakeWholeAsync(cancel);
        return answer!.ToAnswer(cut: isStream && !isDone);
    }

    private async Task TakeWholeAsync(CancellationToken cancel)
    {
        isStream = whole.WrittenSpan.StartsWith("data:"u8) || whole.WrittenSpan.StartsWith("event:"u8);   // some stream under another content type
        if (isStream) await TakeAsync(whole.WrittenMemory, cancel);
        else if (answer!.Add(Encoding.UTF8.GetString(whole.WrittenSpan)) is { Length: > 0 } text && onDelta is not null) await onDelta(text, cancel);
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (!isDone && events.TryTake(ref bytes, out var found))
        {
            if (isDone = found.Data == ChatAnswer.EndOfStream) return;
            var delta = answer!.Add(found.Data);
            if (delta.Length > 0 && onDelta is not null) await onDelta(delta, cancel);
        }
    }

    /// <summary>Upstreams like to quote what they were sent.</summary>
    private Quotation Quotation() => new(Call.Target is { } target ? ApiKey.Get(target) : null, request.Messages);
}
