using System.Collections.Immutable;

namespace Baton.Server.Gateway;

/// <summary>How a call ended.</summary>
internal enum CallOutcome
{
    /// <summary>With an answer, whole.</summary>
    Completed,

    /// <summary>The gateway or the target did not take the request: a limit, a budget, something wrong in it.</summary>
    Refused,

    /// <summary>No target answered.</summary>
    Failed,

    /// <summary>Whoever asked has gone.</summary>
    Cancelled,

    /// <summary>In the middle of an answer.</summary>
    Broken,

    /// <summary>Answered without asking a target.</summary>
    Cached,
}

/// <summary>What is to be accounted for a call, gathered while it is under way by whoever carries it. Closed by <see cref="UsageLedger.Close"/>.</summary>
/// <param name="surface">The address that was asked, behind <c>/v1</c>; <c>step</c> for a step of a workflow.</param>
internal sealed class CallAccount(string surface, CallOrigin origin, TimeProvider time)
{
    /// <summary>The surface of a step.</summary>
    public const string Step = "step";

    private bool hasLost;

    /// <summary><c>req_</c> and a UUIDv7.</summary>
    public string Id { get; private init; } = RequestId.New(time.GetUtcNow());

    public string Surface => surface;

    public CallOrigin Origin => origin;

    public DateTimeOffset At { get; private init; } = time.GetUtcNow();

    /// <summary>The route that was asked for; null for a model that is not known: what callers make up names no row.</summary>
    public string? Asked { get; set; }

    /// <summary>The model that answered, or was asked last.</summary>
    public string? Model { get; private set; }

    public ModelTarget? Target { get; private set; }

    /// <summary>How many targets were asked.</summary>
    public int Attempts { get; private set; }

    /// <summary>The calls of targets whose answers broke off, and which others went on with. They are closed with this one.</summary>
    public ImmutableArray<CallAccount> Earlier { get; private set; } = [];

    /// <summary>What passes of the answer; null before there is one.</summary>
    public UsageTap? Tap { get; private set; }

    /// <summary>Tokens that were counted in another way than by the answer's own words.</summary>
    public TokenUsage? Counted { get; set; }

    /// <summary>Tokens of the conversation before the request, where that is kept here and not sent along.</summary>
    public long EarlierTokens { get; set; }

    /// <summary>An estimate of the tokens of the request itself: <see cref="RequestPeek.PromptTokens"/>.</summary>
    public long OwnTokens { get; set; }

    /// <summary>An estimate of the tokens that the model will read.</summary>
    public long PromptTokens => OwnTokens + EarlierTokens;

    /// <summary>The target's own time: see <see cref="HostShare"/>.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>From the call's beginning to the first byte that the caller was given; null for no answer.</summary>
    public TimeSpan? FirstByte { get; private set; }

    /// <summary>The status of the answer; 0 for none.</summary>
    public int Status { get; private set; }

    /// <summary>How it ended, where its status does not say.</summary>
    public CallOutcome? Outcome { get; set; }

    public TimeSpan Elapsed => time.GetElapsedTime(Began);

    /// <summary>The call of a target that was asked beside this one's and was slower; null where there was none. It is closed with this one.</summary>
    public CallAccount? Loser { get; private set; }

    private long Began { get; init; } = time.GetTimestamp();

    /// <summary>A target is asked.</summary>
    public void Asks(ModelRoute route, ModelTarget target)
    {
        Attempts++;
        if (Tap is null) (Model, Target) = (route.Name, target);
    }

    /// <summary>The answer of this target is the one: it is paid for.</summary>
    public void Takes(ModelRoute route, ModelTarget target, UsageTap tap)
    {
        if (Tap is not null) Earlier = Earlier.Add(Apart(this, CallOutcome.Broken));
        (Model, Target, Tap) = (route.Name, target, tap);
    }

    /// <summary>A target has ended its work, or was told to.</summary>
    /// <param name="busy">Its time for this call: see <see cref="HostShare"/>.</param>
    public void Ends(ModelTarget target, TimeSpan busy)
    {
        if (target == Target) Busy = busy;
    }

    /// <summary>The same call, as one of two targets that are asked for one answer sees it.</summary>
    public CallAccount Beside() => new(surface, origin, time) { Id = Id, Asked = Asked, Model = Model, Target = Target, Attempts = Attempts, OwnTokens = OwnTokens, EarlierTokens = EarlierTokens };

    /// <summary>Of those, this one was slower: a call of its own from here on, as its target has been at work.</summary>
    /// <returns>As it is accounted for.</returns>
    public CallAccount Loses(CallAccount beside)
    {
        Loser = Apart(beside, CallOutcome.Cancelled);
        Loser.hasLost = true;
        return Loser;
    }

    /// <summary>What it used: nothing where no target answered, but at least its prompt where one was broken off because another was sooner.</summary>
    /// <param name="isEstimated">Whether that is an estimate.</param>
    public TokenUsage Used(out bool isEstimated)
    {
        isEstimated = false;
        var used = Counted ?? Tap?.Usage(Tap.IsTold ? 0 : PromptTokens, out isEstimated) ?? default;
        if (hasLost && used == default) (used, isEstimated) = (TokenUsage.Within(PromptTokens, 0, 0, 0), true);
        isEstimated &= used != default;
        return used;
    }

    /// <summary>Of those, this is the one that counts.</summary>
    public void Takes(CallAccount beside) => (Model, Target, Tap, Busy, Outcome) = (beside.Model, beside.Target, beside.Tap, beside.Busy, beside.Outcome);

    /// <summary>Tells what there is to tell of the one that is accounted for in its place.</summary>
    public void TakeOver(CallAccount asked) => (Model, Target, Attempts) = (asked.Model, asked.Target, asked.Attempts);

    /// <summary>The answer begins.</summary>
    public void Begin(int status)
    {
        Status = status;
        if (status < 400) FirstByte ??= Elapsed;
    }

    private CallAccount Apart(CallAccount part, CallOutcome outcome) => new(surface, origin, time)
    {
        Asked = Asked, Model = part.Model, Target = part.Target, Attempts = 1, Tap = part.Tap, OwnTokens = OwnTokens, EarlierTokens = EarlierTokens, Busy = part.Busy, At = part.At, Began = part.Began, Outcome = outcome,
    };
}
