using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Baton.Engine.Maps;
using Baton.Engine.Runs;
using Baton.Engine.Steps;
using Baton.Engine.Waits;
using Baton.Jq;

namespace Baton.Engine;

/// <summary>
/// What a workflow may do. Every operation has a key, unique within the run: its outcome is recorded under it, and after a crash the
/// recorded outcome is returned instead of doing it again. Workflow code runs one callback at a time; await freely, in parallel too.
/// </summary>
public sealed class RunContext
{
    private readonly RunExecution run;
    private readonly string prefix;
    private readonly CancelScope scope;
    private int signals;

    internal RunContext(RunExecution run, string prefix, CancelScope scope)
    {
        this.run = run;
        this.prefix = prefix;
        this.scope = scope;
    }

    public RunId Run => run.Run;

    public TenantId Tenant => run.Tenant;

    /// <summary>When the run was started.</summary>
    public DateTimeOffset StartedAt => run.StartedAt;

    /// <summary>The run's clock: when the newest outcome that the workflow has seen was recorded. The same in every replay.</summary>
    public DateTimeOffset Now => run.Now;

    /// <summary>Tells whoever watches that a task of a document begins.</summary>
    internal void ObserveTask(string pointer, string name) => run.ObserveTask(pointer, name);

    /// <summary>Whether an earlier life recorded this key, and this one has not asked for it yet.</summary>
    internal bool IsRecorded(string key) => run.IsRecorded(KeyOf(key));

    /// <summary>True within an item of a map: once its result is recorded, its code is not run again in a replay.</summary>
    internal bool IsItem { get; init; }

    /// <summary>Whether effects are under the server's error policy where nothing nearer says otherwise: fixed when the run was started.</summary>
    internal bool HasServerPolicy => run.Behaviour.HasFlag(EngineBehaviour.ServerPolicy);

    /// <summary>For delays only: nothing that a replay must repeat may come from here.</summary>
    internal Random Jitter => run.Jitter;

    /// <summary>Key of this part of the run, empty for the whole.</summary>
    public string Prefix => prefix;

    /// <summary>How values stand as JSON in the journal.</summary>
    public JsonSerializerOptions Json { get; init; } = Payloads.Json;

    /// <summary>Performs an effect at least once and records its outcome exactly once.</summary>
    /// <param name="effect">May do anything. A failure becomes a <see cref="WorkflowException"/> here once no retry is left.</param>
    public Task<T> StepAsync<T>(string key, Func<StepContext, Task<T>> effect, StepOptions? options = null)
    {
        var step = new StepOperation<T>(run, KeyOf(key), scope, options ?? StepOptions.Default, PayloadCodec.For<T>(Json), effect);
        run.Ask(step);
        return step.Result;
    }

    /// <inheritdoc cref="StepAsync{T}"/>
    public Task StepAsync(string key, Func<StepContext, Task> effect, StepOptions? options = null) =>
        StepAsync<object?>(key, async step =>
        {
            await effect(step);
            return null;
        }, options);

    /// <summary>Waits, in memory or out of it, however often the server restarts meanwhile.</summary>
    public Task SleepAsync(string key, TimeSpan delay)
    {
        var timer = new TimerOperation(run, KeyOf(key), scope, delay);
        run.Ask(timer);
        return timer.Result;
    }

    /// <summary>Waits for the next signal of this name that is sent to the run; signals sent earlier count, in order.</summary>
    public Task<T> WaitForSignalAsync<T>(string name)
    {
        var signal = new SignalOperation<T>(run, KeyOf($"signal/{name}/{signals++}"), scope, name, PayloadCodec.For<T>(Json));
        run.Ask(signal);
        return signal.Result;
    }

    /// <summary>Opens a subscription to events. Close it when enough were read.</summary>
    public async Task<Listener> ListenAsync(string key, IReadOnlyList<EventSubscription> subscriptions)
    {
        var listener = new Listener(run, scope, KeyOf(key));
        run.Mail.Add(listener);
        EquatableList<EventSubscription> wanted = [.. subscriptions];
        var opening = new FactOperation<JournalEntry.ListeningStarted>(run, listener.Key, scope, "listener", (seq, at, key) => new(seq, at, key, wanted));
        run.Ask(opening);
        await opening.Result;
        return listener;
    }

    /// <summary>Asks a person and waits for the answer.</summary>
    /// <returns><c>{ choice, comment, by, at, value }</c>, or <c>{ expired: true }</c>.</returns>
    /// <param name="deadline">How long the answer is waited for; null for ever.</param>
    public Task<JqValue> ApproveAsync(string key, string title, IReadOnlyList<string> choices, string? assignee = null, string? message = null, TimeSpan? deadline = null, JqValue? data = null)
    {
        var approval = new Approval($"apr_{NewId():N}", assignee, title, message, [.. choices], null, data?.ToUtf8Bytes() ?? default(ReadOnlyMemory<byte>));
        var asked = new ApprovalOperation(run, KeyOf(key), scope, approval, deadline);
        run.Ask(asked);
        return asked.Result;
    }

    /// <summary>
    /// Says what undoes the work that has just finished, should the run fail; should it be cancelled, where the workflow asks for that.
    /// What was registered is undone in reverse order, each on its own, with steps that are recorded and may be retried as any.
    /// </summary>
    /// <param name="task">What is undone, for people.</param>
    /// <param name="undo">Given a context of its own; its keys need not differ from those of others.</param>
    /// <exception cref="InvalidOperationException">Within the item of a map: once it is recorded, its code is not run again, and nobody would know of it.</exception>
    public void CompensateWith(string task, Func<RunContext, Task> undo)
    {
        if (IsItem) throw new InvalidOperationException("What undoes the items of a map is registered after the map, once for all of them.");
        run.Compensations.Add(new Compensation(task, OnPolicyOnly: false, undo));
    }

    /// <summary>As <see cref="CompensateWith"/>, but only where an error policy says so.</summary>
    internal void CompensateByPolicy(string task, Func<RunContext, Task> undo) => run.Compensations.Add(new Compensation(task, OnPolicyOnly: true, undo));

    /// <summary>Records what an error policy decides, or gives what it decided in an earlier life.</summary>
    internal async Task<PolicyDecision> DecideAsync(string key, PolicyDecision decision)
    {
        var decided = new FactOperation<JournalEntry.PolicyDecided>(run, KeyOf(key), scope, "decision of an error policy", (seq, at, key) => new(seq, at, key, decision));
        run.Ask(decided);
        return (await decided.Result).Decision;
    }

    /// <summary>Publishes an event to runs and schedules that listen.</summary>
    /// <param name="cloudEvent">A CloudEvents 1.0 object as UTF-8 JSON.</param>
    public Task EmitAsync(string key, ReadOnlyMemory<byte> cloudEvent)
    {
        var emit = new FactOperation<JournalEntry.EventEmitted>(run, KeyOf(key), scope, "event", (seq, at, key) => new(seq, at, key, cloudEvent));
        run.Ask(emit);
        return emit.Result;
    }

    /// <summary>Starts another run and waits for its output. It is cancelled with this one.</summary>
    public Task<TOutput> ChildAsync<TInput, TOutput>(string key, WorkflowRef workflow, TInput input)
    {
        var child = new ChildOperation<TOutput>(run, KeyOf(key), scope, workflow, PayloadCodec.For<TInput>(Json).Encode(input), PayloadCodec.For<TOutput>(Json));
        run.Ask(child);
        return child.Result;
    }

    /// <summary>Starts another run and leaves it to itself.</summary>
    public Task<RunId> StartAsync<TInput>(string key, WorkflowRef workflow, TInput input)
    {
        var child = new DetachedChildOperation(run, KeyOf(key), scope, workflow, PayloadCodec.For<TInput>(Json).Encode(input));
        run.Ask(child);
        return child.Result;
    }

    /// <summary>Performs one step per item, a bounded number at once, one journal row each.</summary>
    public Task<MapResult<T>> MapAsync<TItem, T>(string key, IReadOnlyList<TItem> items, Func<TItem, StepContext, Task<T>> effect, MapOptions? options = null)
    {
        var codec = PayloadCodec.For<T>(Json);
        var step = (options ?? MapOptions.Default).Step;
        return MapAsync<T>(key, items.Count, options, (map, index) =>
            new StepItem<T>(run, StepKey.Item(map.Key, index), map, index, step, codec, (i, context) => effect(items[i], context)) { Offload = true });
    }

    /// <summary>Runs workflow code per item, each with steps of its own below <c>key[index]</c>, and one row for its result.</summary>
    public Task<MapResult<T>> MapAsync<TItem, T>(string key, IReadOnlyList<TItem> items, Func<TItem, RunContext, Task<T>> body, MapOptions? options = null)
    {
        var codec = PayloadCodec.For<T>(Json);
        return MapAsync<T>(key, items.Count, options, (map, index) =>
            new ScopeItem<T>(run, StepKey.Item(map.Key, index), map, index, codec, (i, context) => body(items[i], context)));
    }

    /// <summary>Begins a part that can be cancelled alone.</summary>
    /// <param name="name">Its keys stand below this; empty to share the keys of the whole.</param>
    public CancellablePart Part(string name = "")
    {
        var part = new CancelScope(scope);
        return new CancellablePart(new RunContext(run, name.Length == 0 ? prefix : KeyOf(name), part) { Json = Json, IsItem = IsItem }, () => run.Cancel(part));
    }

    /// <summary>An id that is the same in every replay: a UUIDv8 of the run and how many were made before (RFC 9562, section 5.8).</summary>
    public Guid NewId()
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{run.Run}/{run.NextId()}"), hash);
        hash[6] = (byte)((hash[6] & 0x0f) | 0x80);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    private Task<MapResult<T>> MapAsync<T>(string key, int count, MapOptions? options, Func<MapOperation<T>, int, Operation> itemFor)
    {
        options ??= MapOptions.Default;
        if (count == 0) return Task.FromResult(new MapResult<T>([]));
        var map = new MapOperation<T>(run, KeyOf(key), scope, count, options, itemFor);
        run.Ask(map);
        return map.Result;
    }

    private string KeyOf(string key) => StepKey.Under(prefix, key);
}

/// <summary>A part of a run and the way to cancel it.</summary>
public sealed record CancellablePart(RunContext Context, Action Cancel);
