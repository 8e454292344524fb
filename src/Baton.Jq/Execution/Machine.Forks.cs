namespace Baton.Jq;

internal sealed partial class Machine
{
    private Fork[] forks = new Fork[16];
    private int forkCount;

    private ref Fork PushFork(ForkKind kind, int target)
    {
        if (forkCount == forks.Length) GrowForks();
        ref var fork = ref forks[forkCount++];
        fork.Kind = kind;
        fork.Target = target;
        fork.Frame = Frame;
        fork.Value = current;
        fork.Path = path;
        return ref fork;
    }

    private void GrowForks()
    {
        if (forkCount >= Options.Limits.Depth) throw DepthReached();
        Array.Resize(ref forks, Math.Min(forks.Length * 2, Math.Max(Options.Limits.Depth, forks.Length + 1)));
    }

    private void CutForks(JqValue mark)
    {
        mark.TryGetPlainNumber(out var count);
        // What the dropped forks refer to must not stay alive.
        Array.Clear(forks, (int)count, forkCount - (int)count);
        forkCount = (int)count;
    }

    /// <summary>Goes back to the latest fork that has something left; false when none has.</summary>
    private bool Backtrack()
    {
        while (forkCount > 0)
        {
            ref var fork = ref forks[forkCount - 1];
            switch (fork.Kind)
            {
                case ForkKind.Alternative:
                    Resume(fork);
                    PopFork();
                    return true;
                case ForkKind.Each:
                    ResumeEach(ref fork);
                    return true;
                case ForkKind.Range:
                    Resume(fork);
                    current = fork.Value;
                    fork.Value.TryGetPlainNumber(out var number);
                    number += fork.Step;
                    if (fork.Step > 0 ? number < fork.Limit : number > fork.Limit) fork.Value = number;
                    else PopFork();
                    return true;
                case ForkKind.Descend:
                    if (((Descent)fork.State!).MoveNext(out var value, out var node))
                    {
                        Resume(fork);
                        (current, path) = (value, node);
                        return true;
                    }
                    PopFork();
                    break;
                default:
                    PopFork();
                    break;
            }
        }
        return false;
    }

    /// <summary>Goes back to the latest fork that catches the error at hand; false when none does.</summary>
    private bool CatchError()
    {
        var exited = 0;
        while (forkCount > 0)
        {
            ref var fork = ref forks[forkCount - 1];
            switch (fork.Kind)
            {
                case ForkKind.TryExit:
                    exited++;
                    break;
                case ForkKind.Try when exited > 0:
                    exited--;
                    break;
                case ForkKind.Try:
                    Resume(fork);
                    current = Error;
                    ClearError();
                    PopFork();
                    return true;
                case ForkKind.OtherPattern:
                    Resume(fork);
                    ClearError();
                    PopFork();
                    return true;
            }
            PopFork();
        }
        return false;
    }

    private void Resume(in Fork fork)
    {
        pc = fork.Target;
        Frame = fork.Frame;
        current = fork.Value;
        path = fork.Path;
    }

    private void PopFork() => forks[--forkCount] = default;

    private void ResumeEach(ref Fork fork)
    {
        pc = fork.Target;
        Frame = fork.Frame;
        var index = fork.Index++;
        if (fork.Value.TryGetArray(out var array))
        {
            current = array.AsSpan()[index];
            path = fork.Path?.Append(index, current);
            if (fork.Index == array.Count) PopFork();
            return;
        }
        var members = fork.Value.AsObject();
        current = members.AsSpan()[index];
        path = fork.Path?.Append(members.KeySpan()[index], current);
        if (fork.Index == members.Count) PopFork();
    }

    private void ExitTry(int handler)
    {
        ref var top = ref forks[forkCount - 1];
        // Nothing left to try inside: the try is over and leaves no trace.
        if (top.Kind == ForkKind.Try && top.Target == handler && top.Frame == Frame) PopFork();
        else PushFork(ForkKind.TryExit, 0);
    }
}
