namespace Baton.Server.Gateway;

/// <summary>
/// Puts calls of tools one behind the other: targets may tell of several at once, where callers' dialects finish one before the next begins. A call whose arguments are a whole
/// object is finished; what is said besides waits until then, or until the answer stops. No fragment is lost.
/// </summary>
internal sealed class ToolOrder
{
    private readonly JsonEnd end = new();
    private List<AnswerEvent> held = [];
    private int current = -1;

    public void Add(AnswerEvent said, List<AnswerEvent> into)
    {
        if (said is AnswerEvent.ToolArguments fragment && fragment.Call == current && !end.IsComplete)
        {
            into.Add(said);
            end.Read(fragment.Fragment);
            if (end.IsComplete) Release(into);
            return;
        }
        if (said is AnswerEvent.Stop or AnswerEvent.End or AnswerEvent.Failure)
        {
            while (held.Count > 0)
            {
                current = -1;   // what it lacks will not come any more
                Release(into);
            }
        }
        else if (said is not (AnswerEvent.Tokens or AnswerEvent.Ping) && current >= 0 && !end.IsComplete)
        {
            held.Add(said);
            return;
        }
        if (said is AnswerEvent.ToolArguments) return;   // behind a whole object there can only be space
        if (said is AnswerEvent.ToolStart start)
        {
            current = start.Call;
            end.Reset();
        }
        into.Add(said);
    }

    private void Release(List<AnswerEvent> into)
    {
        if (held.Count == 0) return;
        var released = held;
        held = [];
        foreach (var said in released) Add(said, into);
    }
}
