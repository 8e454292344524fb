namespace Baton.Server.Gateway;

/// <summary>A call whose answer several may listen to. It goes on as long as one of them does, whoever began it; when the last one leaves, it is cancelled. Thread-safe.</summary>
internal sealed class SharedAnswer(int window, UsageLedger ledger, ILogger log) : IAsyncDisposable
{
    private readonly CancellationTokenSource cancel = new();
    private Task work = Task.CompletedTask;
    private int ended;

    public AnswerRecording Recording { get; } = new(window);

    /// <summary>The call that asks; null before it has begun.</summary>
    public GatewayCall? Asked { get; private set; }

    /// <summary>Whether it is cut to what the call that asks can pay.</summary>
    public bool IsCutShort => Asked?.Spending?.Affordable is not null;

    /// <summary>Whether it is cut to less than another call could get: one that does not count in the very same budgets.</summary>
    public bool IsCutShortFor(GatewayCall other) => IsCutShort && (Asked!.Origin.Team, Asked.Origin.Caller) != (other.Origin.Team, other.Origin.Caller);

    /// <summary>Whether the call that asks lacks money that another one does not lack.</summary>
    public bool LacksMoneyOfItsOwn(GatewayCall other) => Asked is { Lacks: { } budget } asked && !budget.Covers(other.Origin.Team, other.Origin.Caller, asked.Account.Asked ?? "");

    /// <summary>Begins to ask.</summary>
    /// <param name="call">On whose behalf: it may end before the answer does.</param>
    /// <param name="ended">Told, before any listener hears the end, whether the answer is a good one to its end.</param>
    public void Start(GatewayCall call, Func<GatewayCall, Task> ask, Action<SharedAnswer, bool>? ended = null)
    {
        Asked = call.Detach(Recording, cancel.Token);
        work = WorkAsync(Asked, ask, ended);
    }

    /// <summary>Stops listening. The last one to do so ends the call, and waits until it has ended.</summary>
    public async Task LeaveAsync(AnswerListener listener)
    {
        if (Recording.Leave(listener)) await DisposeAsync();
    }

    /// <summary>Lets go of a hold; see <see cref="AnswerRecording.TryHold"/>.</summary>
    public async Task ReleaseAsync()
    {
        if (Recording.Release()) await DisposeAsync();
    }

    /// <summary>Ends the call, whoever listens, and waits until it has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref ended, 1) == 0) await cancel.CancelAsync();
        await work;
        cancel.Dispose();
    }

    private async Task WorkAsync(GatewayCall call, Func<GatewayCall, Task> ask, Action<SharedAnswer, bool>? ended)
    {
        var isWhole = false;
        try
        {
            await AskAsync(call, ask);
            isWhole = call.Error is null && Recording is { HasBegun: true, State: RecordingState.Open, Status: >= 200 and < 300 };
        }
        catch (OperationCanceledException) when (call.Cancel.IsCancellationRequested)
        {
            Recording.Abort();
        }
        catch (Exception e)   // the edge of this work: nobody else is sure to be there
        {
            log.SharedCallFailed(e, call.Id);
            Recording.Abort();
        }
        ended?.Invoke(this, isWhole);
        Recording.Complete(isWhole);
    }

    /// <summary>The call may outlive the one that it asks for, and is accounted for in its place.</summary>
    private async Task AskAsync(GatewayCall call, Func<GatewayCall, Task> ask)
    {
        try
        {
            await ask(call);
        }
        catch (OperationCanceledException) when (call.Cancel.IsCancellationRequested)
        {
            call.Account.Outcome = CallOutcome.Cancelled;
            throw;
        }
        finally
        {
            call.End(ledger);
        }
    }
}
