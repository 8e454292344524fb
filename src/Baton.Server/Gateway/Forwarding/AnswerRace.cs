namespace Baton.Server.Gateway;

/// <summary>Several targets that are asked for one answer: the first that begins it is heard, the others are cancelled. Thread-safe.</summary>
internal sealed class AnswerRace(GatewayCall call)
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Runner> runners = [];
    private Runner? winner;

    /// <summary>Done as soon as one has begun its answer.</summary>
    public Task Begun => begun.Task;

    /// <summary>Money for the one that loses; null where no budget counts it. Ended with the race.</summary>
    public Reservation? Kept { get; set; }

    /// <summary>One more takes part; to be disposed when all have ended.</summary>
    public Runner Join()
    {
        var runner = new Runner(this, call);
        lock (runners) runners.Add(runner);
        if (Volatile.Read(ref winner) is not null) runner.Lose();   // the answer began while this one was on its way
        return runner;
    }

    private bool TryWin(Runner runner)
    {
        if (Interlocked.CompareExchange(ref winner, runner, null) is { } other) return other == runner;
        Runner[] all;
        lock (runners) all = [.. runners];
        foreach (var one in all)
        {
            if (one != runner) one.Lose();
        }
        begun.TrySetResult();
        return true;
    }

    /// <summary>One of them: it takes what its target answers, and hands it on when it is the first.</summary>
    public sealed class Runner : IAnswerSink, IDisposable
    {
        private readonly AnswerRace race;
        private readonly GatewayCall whole;
        private readonly CancellationTokenSource stop;

        public Runner(AnswerRace race, GatewayCall whole)
        {
            (this.race, this.whole) = (race, whole);
            stop = CancellationTokenSource.CreateLinkedTokenSource(whole.Cancel);
            Call = whole.Beside(this, stop.Token);
        }

        /// <summary>The call as its target sees it.</summary>
        public GatewayCall Call { get; }

        public bool HasLost => Volatile.Read(ref race.winner) is { } winner && winner != this;

        public IHeaderDictionary Headers { get; } = new HeaderDictionary();

        public bool HasWon => Volatile.Read(ref race.winner) == this;

        public bool HasBegun => race.winner == this && whole.Answer.HasBegun;

        /// <exception cref="OperationCanceledException">Another one was sooner.</exception>
        public void Begin(int status, long? length)
        {
            if (!race.TryWin(this)) throw new OperationCanceledException(stop.Token);
            foreach (var (name, value) in Headers) whole.Answer.Headers[name] = value;
            whole.Takes(Call);
            whole.Begin(status, length);
        }

        public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => whole.Answer.WriteAsync(bytes, cancel);

        public void Abort() => whole.Answer.Abort();

        public void Lose() => stop.Cancel();

        public void Dispose() => stop.Dispose();
    }
}
