using System.Buffers;

namespace Baton.Server.Gateway;

/// <summary>Answers in another dialect than the caller's: by the same rules, but what goes on is not what came.</summary>
internal sealed partial class TargetCaller
{
    private async Task<Attempt> TranslateAsync(Answer answer, AnswerTranslation translation, bool isStream)
    {
        var told = new ArrayBufferWriter<byte>(4096);
        // 1. Until there is something to say, or, for an answer in one piece, until all of it is there.
        if (await HearAsync(answer, translation, told, isStream) is { } failed) return failed;
        if (!isStream)
        {
            answer.Response.Finish();
            answer.BeginTranslated(told.WrittenCount);
            await answer.Call.Answer.WriteAsync(told.WrittenMemory, answer.Call.Cancel);
            return Attempt.Delivered.Instance;
        }
        // 2. From here on there is no way back.
        answer.BeginTranslated(null);
        return await EndAsync(answer, PumpAsync(answer, translation, told), translation);
    }

    /// <summary>An answer that another target has begun: once this one says something, the client hears it as the rest.</summary>
    private async Task<Attempt> GoOnAsync(Answer answer, AnswerTranslation rest)
    {
        var told = new ArrayBufferWriter<byte>(4096);
        if (await HearAsync(answer, rest, told, isStream: true) is { } failed) return failed;
        answer.BeginRest();
        return await EndAsync(answer, PumpAsync(answer, rest, told), rest);
    }

    /// <returns>Null when there is an answer.</returns>
    private async Task<Attempt.Failed?> HearAsync(Answer answer, AnswerTranslation translation, ArrayBufferWriter<byte> told, bool isStream)
    {
        var cameInPieces = answer.Response.IsEvents || answer.Response.MediaType.Equals("application/x-ndjson", StringComparison.OrdinalIgnoreCase);
        answer.Tap = new UsageTap(cameInPieces);   // the target's own words tell what it used
        var whole = cameInPieces ? null : new ArrayBufferWriter<byte>(4096);
        long heard = 0;
        for (var read = -1; read != 0 && !(isStream ? translation.HasSaid : translation.IsComplete);)
        {
            read = await answer.ReadAsync(0);
            if ((heard += read) > options.Value.MaxResponseBytes && !(isStream && cameInPieces)) return Broken(answer, "answered with more than its limit (Gateway:MaxResponseBytes) allows");
            answer.Tap.Observe(answer.Buffer.AsSpan(0, read));
            if (read > 0 && whole is not null) whole.Write(answer.Buffer.AsSpan(0, read));
            else if (read > 0) translation.Translate(answer.Buffer.AsMemory(0, read), told);
            else if (whole is not null) translation.TranslateWhole(whole.WrittenMemory, told);
            else translation.Finish(told);
            if (translation.Failure is { } failure) return Refused(answer, failure);
            if (!isStream && translation.ToKeep is { } response) translation.End(await responses.TryKeepAsync(answer.Call, response), told);
        }
        return (isStream ? translation.HasSaid : translation.IsComplete) ? null : Broken(answer, translation.HasSaid ? "ended its answer in the middle" : "ended its answer before it had said anything");
    }

    /// <returns>Whether the answer came to its own end.</returns>
    private async Task<bool> PumpAsync(Answer answer, AnswerTranslation translation, ArrayBufferWriter<byte> told)
    {
        while (true)
        {
            if (told.WrittenCount > 0)
            {
                answer.Limits.Pause();
                await answer.Call.Answer.WriteAsync(told.WrittenMemory, answer.Call.Cancel);
                answer.Call.EventsTold = translation.EventsWritten;
                if (answer.Call.Spending is { } spending && !await spending.SeeAsync(answer.Call.Cancel) && !translation.IsComplete && translation.ToKeep is null) return false;
                answer.Limits.Heard();
                told.ResetWrittenCount();
            }
            if (translation.ToKeep is { } response)   // who is told that it is complete can go on from it
            {
                answer.Limits.Pause();
                translation.End(await responses.TryKeepAsync(answer.Call, response), told);
                continue;
            }
            if (translation.Failure is not null || translation.IsComplete) return translation.IsComplete;
            var read = await ReadOrEndAsync(answer, translation);
            answer.Tap.Observe(answer.Buffer.AsSpan(0, read));
            if (read > 0) translation.Translate(answer.Buffer.AsMemory(0, read), told);
            else translation.Finish(told);
            if (read == 0 && !translation.IsComplete && translation.ToKeep is null) return false;
        }
    }

    /// <summary>What breaks behind the reason for the end is the goodbye.</summary>
    private static async ValueTask<int> ReadOrEndAsync(Answer answer, AnswerTranslation translation)
    {
        try
        {
            return await answer.ReadAsync(0);
        }
        catch (Exception e) when (translation.HasStopped && !answer.Call.Cancel.IsCancellationRequested && e is HttpRequestException or IOException or OperationCanceledException)
        {
            return 0;
        }
    }

    private static Attempt.Failed Refused(Answer answer, GatewayError failure)
    {
        answer.Failed(failure.Code ?? failure.Type);
        return new Attempt.Failed(answer.Mask(failure), MayTryAnother: true) { Reply = Reply(answer.Call, answer.Mask(failure)) };
    }

    /// <summary>What a target said, in its caller's words.</summary>
    private static UpstreamReply Reply(GatewayCall call, GatewayError said) => new(said.Status, new HeaderDictionary(), said.ToJson(call.Surface.Dialect, call.Id));
}
