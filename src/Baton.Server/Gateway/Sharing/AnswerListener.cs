namespace Baton.Server.Gateway;

/// <summary>One who follows an answer; used by one at a time.</summary>
/// <param name="at">The number of the piece to begin with.</param>
/// <param name="skip">Bytes of that piece that are known already.</param>
internal sealed class AnswerListener(AnswerRecording recording, int at, int skip)
{
    private int position = at, known = skip;
    private bool hasFrame;

    public AnswerRecording Recording => recording;

    /// <summary>How many pieces it is through with.</summary>
    public int At => Volatile.Read(ref position);

    /// <summary>The next piece: to be through with it is to ask for the one after it.</summary>
    public async ValueTask<(Heard Heard, ReadOnlyMemory<byte> Frame)> NextAsync(CancellationToken cancel)
    {
        if (hasFrame)
        {
            Volatile.Write(ref position, position + 1);
            hasFrame = false;
            recording.GiveRoom();
        }
        var next = await recording.HearAsync(this, cancel);
        hasFrame = next.Heard == Heard.Frame;
        if (!hasFrame || known == 0) return next;
        var rest = next.Frame[known..];
        known = 0;
        return (Heard.Frame, rest);
    }
}

/// <summary>What a listener hears.</summary>
internal enum Heard
{
    Frame,

    /// <summary>The answer is over.</summary>
    End,

    /// <summary>It broke off.</summary>
    Aborted,

    /// <summary>The listener fell so far behind that its next piece is no longer kept.</summary>
    TooSlow,
}
