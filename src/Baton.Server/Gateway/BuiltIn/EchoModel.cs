using System.Text;
using Baton.Engine;
using Baton.Server.Outbound;

namespace Baton.Server.Gateway;

/// <summary>
/// The model <c>baton/echo</c>: says the last user message again, with the delays, pieces and faults that an <see cref="EchoScript"/> asks for. It is for
/// tests and load and never stands in for another model. Tokens are words, counted.
/// </summary>
internal sealed class EchoModel(TimeProvider time) : IChatModel
{
    public const string Name = "baton/echo";

    public async Task<ModelAnswer> AnswerAsync(ModelRequest request, DeltaSink? onDelta, CancellationToken cancel)
    {
        var script = EchoScript.Of(request);
        await WaitAsync(script.FirstByte, cancel);
        var (text, isCut) = Cut(TextOf(script, request), request);
        var sent = 0;
        var said = new StringBuilder();
        foreach (var piece in Pieces(text, script.ChunkChars))
        {
            if (script.Fault is not null && sent == script.FaultAfterChunks) break;
            if (sent++ > 0) await WaitAsync(script.Chunk, cancel);
            said.Append(piece);
            if (onDelta is not null) await onDelta(piece, cancel);
        }
        if (script.Fault is { } fault) throw Failed(fault, sent, script.RetryAfter);
        return new ModelAnswer(said.ToString(), isCut ? "length" : script.FinishReason, WordCount.Usage(request, said.ToString())) { UpstreamModel = Name };
    }

    private static string TextOf(EchoScript script, ModelRequest request)
    {
        if (script.Answers.IsEmpty) return request.Messages.LastOrDefault(message => message.Role == "user")?.Content ?? throw CallErrors.Invalid($"{Name} needs a user message to say again.");
        return script.Answers[Math.Min(script.Answers.Length - 1, request.Messages.Count(message => message.Role == "assistant"))];
    }

    /// <summary>What stands before the first of the request's stops, and of that as many tokens as it allows.</summary>
    private static (string Text, bool IsCut) Cut(string text, ModelRequest request)
    {
        foreach (var stop in request.Stop)
        {
            if (stop.Length > 0 && text.IndexOf(stop, StringComparison.Ordinal) is >= 0 and var at) text = text[..at];
        }
        var length = request.MaxTokens is { } most ? WordCount.LengthOf(text, most) : text.Length;
        return (text[..length], length < text.Length);
    }

    private static IEnumerable<string> Pieces(string text, int length)
    {
        for (var at = 0; at < text.Length;)
        {
            var take = Math.Min(length, text.Length - at);
            if (at + take < text.Length && char.IsHighSurrogate(text[at + take - 1])) take++;   // half a character is none
            yield return text.Substring(at, take);
            at += take;
        }
    }

    private Task WaitAsync(TimeSpan wait, CancellationToken cancel) => wait > TimeSpan.Zero ? Task.Delay(wait, time, cancel) : Task.CompletedTask;

    private static WorkflowException Failed(ErrorClass fault, int pieces, TimeSpan? retryAfter) =>
        new(new WorkflowError(ErrorTypes.Communication, 502, "Scripted Fault", $"{Name} failed after {pieces} pieces, as its script asks."), fault) { RetryAfter = retryAfter };
}
