using System.Buffers;

namespace Baton.Server.Gateway;

/// <summary>Turns what a target answers into what its caller understands, piece by piece. One for each answer; not thread-safe.</summary>
/// <param name="id">Of the answer: names calls that come without an id.</param>
/// <param name="formatTool">The tool whose call is the answer: the caller asked for a format, not for a call. Null where there is none.</param>
/// <param name="isStream">Whether the caller wants a stream.</param>
/// <param name="kept">The writer, where what it writes is to be kept; else null.</param>
internal sealed class AnswerTranslation(EventReader reader, string id, AnswerWriter writer, string? formatTool, bool isStream, ResponsesAnswerWriter? kept = null) : IDisposable
{
    private EventReader reader = reader;
    private string known = "";
    private bool goesOn;
    private readonly List<AnswerEvent> read = [], ordered = [];
    private readonly ToolOrder order = new();
    private readonly AnswerDraft? draft = isStream ? null : new AnswerDraft();
    private int answerCall = -1;
    private bool callsTools;

    /// <summary>Whether the target has said something of its answer: what has been appended so far is worth sending.</summary>
    public bool HasSaid { get; private set; }

    /// <summary>Whether the target has said why it stops: nothing of the answer is missing then.</summary>
    public bool HasStopped { get; private set; }

    /// <summary>Whether all of the answer has been appended.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>What is to be kept of an answer that is all there: its end is held back until <see cref="End"/> says how that went. Null before and behind that.</summary>
    public StoredResponse? ToKeep { get; private set; }

    /// <summary>What the target broke off with; nothing is appended behind that.</summary>
    public GatewayError? Failure { get; private set; }

    /// <summary>Tokens, as far as the target has told them.</summary>
    public AnswerUsage Usage { get; private set; } = AnswerUsage.None;

    /// <summary>How many events have been appended, where they are numbered; else 0.</summary>
    public long EventsWritten => (writer as ResponsesAnswerWriter)?.EventsWritten ?? 0;

    /// <summary>Takes a piece of a stream, and appends what it comes to for the caller.</summary>
    public void Translate(ReadOnlyMemory<byte> piece, IBufferWriter<byte> to)
    {
        reader.Read(piece, read);
        Pass(to);
    }

    /// <summary>The target's connection has ended in order.</summary>
    public void Finish(IBufferWriter<byte> to)
    {
        reader.Finish(read);
        Pass(to);
    }

    /// <summary>Takes an answer that came in one piece.</summary>
    public void TranslateWhole(ReadOnlyMemory<byte> body, IBufferWriter<byte> to)
    {
        reader.ReadWhole(body, read);
        Pass(to);
    }

    /// <summary>What was read so far has broken off: from here on another target tells the rest of the same answer. What is half read is forgotten.</summary>
    /// <param name="known">How what was said ends, in spaces that the other target was not told: where its rest begins with them, they are not said twice.</param>
    public void GoOn(Dialect target, string known = "")
    {
        reader = EventReader.For(target, id);
        (this.known, goesOn, HasSaid, Failure) = (known, true, false, null);
    }

    /// <summary>Appends the end that was held back.</summary>
    public void End(bool isKept, IBufferWriter<byte> to)
    {
        ToKeep = null;
        kept!.Settled(isKept);
        Write(AnswerEvent.End.Instance, to);
    }

    public void Dispose() => writer.Dispose();

    private void Pass(IBufferWriter<byte> to)
    {
        foreach (var said in read)
        {
            if (Answered(said) is { } kept) order.Add(kept, ordered);
        }
        read.Clear();
        foreach (var said in ordered)
        {
            if (IsComplete || Failure is not null || ToKeep is not null) break;
            Write(said, to);
        }
        ordered.Clear();
    }

    private void Write(AnswerEvent said, IBufferWriter<byte> to)
    {
        switch (said)
        {
            case AnswerEvent.Failure failure: Failure = failure.Error; return;
            case AnswerEvent.Tokens tokens: Usage = tokens.Usage; break;
            case AnswerEvent.Ping when !HasSaid: return;   // that it is at work is no answer: another may still take its place
            case AnswerEvent.Start or AnswerEvent.Ping: break;
            case AnswerEvent.End when kept is { IsSettled: false }:
                (HasSaid, ToKeep) = (true, kept.Settle(draft?.ToAnswer(), to));
                return;
            case AnswerEvent.End: (HasSaid, IsComplete) = (true, true); break;
            default:
                HasSaid = true;
                HasStopped |= said is AnswerEvent.Stop;
                break;
        }
        if (draft is null) writer.Write(said, to);
        else
        {
            draft.Add(said);
            if (IsComplete) writer.WriteWhole(draft.ToAnswer(), to);
        }
    }

    private AnswerEvent.Text? Unknown(AnswerEvent.Text text)
    {
        var both = 0;
        while (both < known.Length && both < text.Value.Length && known[both] == text.Value[both]) both++;
        known = both == text.Value.Length ? known[both..] : "";
        return both == text.Value.Length ? null : new AnswerEvent.Text(text.Value[both..]);
    }

    /// <summary>The call that is the answer becomes its text; and whoever calls a tool stops for it, whatever reason some targets give.</summary>
    private AnswerEvent? Answered(AnswerEvent said)
    {
        switch (said)
        {
            case AnswerEvent.Start when goesOn: return null;   // it has begun
            case AnswerEvent.Text text when known.Length > 0: return Unknown(text);
            case AnswerEvent.ToolStart start when start.Name == formatTool:
                answerCall = start.Call;
                return null;
            case AnswerEvent.ToolStart:
                callsTools = true;
                return said;
            case AnswerEvent.ToolArguments fragment when fragment.Call == answerCall: return new AnswerEvent.Text(fragment.Fragment);
            case AnswerEvent.Stop { Reason: StopReason.ToolUse } when !callsTools: return new AnswerEvent.Stop(StopReason.Done, null);
            case AnswerEvent.Stop { Reason: StopReason.Done } when callsTools: return new AnswerEvent.Stop(StopReason.ToolUse, null);
            default: return said;
        }
    }
}
