using System.Buffers;

namespace Baton.Server.Gateway;

/// <summary>Says what a built-in model answers, in chat completions, to a caller who may have asked in other words. One for each answer.</summary>
/// <param name="translation">Into the caller's words; null where they are chat completions.</param>
internal sealed class BuiltInVoice(GatewayCall call, AnswerTranslation? translation, KeptResponses responses)
{
    private readonly ArrayBufferWriter<byte> told = new();

    /// <summary>An answer in one piece.</summary>
    public async Task WholeAsync(ReadOnlyMemory<byte> completion)
    {
        translation?.TranslateWhole(completion, told);
        await KeepAsync();
        await call.SendAsync(StatusCodes.Status200OK, translation is null ? completion : told.WrittenMemory);
    }

    /// <summary>Events of a stream, whole ones.</summary>
    public async ValueTask SayAsync(ReadOnlyMemory<byte> events)
    {
        told.ResetWrittenCount();
        translation?.Translate(events, told);
        await KeepAsync();
        if (translation is not null) events = told.WrittenMemory;
        if (events.IsEmpty) return;
        if (!call.Answer.HasBegun)
        {
            call.Answer.Headers.ContentType = "text/event-stream";
            call.BeginStream(StatusCodes.Status200OK);
        }
        await call.Answer.WriteAsync(events, call.Cancel);
        call.EventsTold = translation?.EventsWritten ?? 0;
    }

    /// <summary>Who is told that a response is complete can go on from it.</summary>
    private async ValueTask KeepAsync()
    {
        if (translation?.ToKeep is { } response) translation.End(await responses.TryKeepAsync(call, response), told);
    }
}
