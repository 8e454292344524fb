using System.Collections.Immutable;
using System.Text.Json;
using Baton.Chaos.Work;
using Baton.Chaos.World;
using Baton.TestBed;

namespace Baton.Chaos.Verdict;

/// <summary>What must hold, read from the recorder's log and the answers of the API alone.</summary>
internal sealed class Checks(ImmutableArray<Seen> log, IReadOnlyCollection<AcknowledgedRun> runs, IReadOnlyCollection<NodeHistory> nodes)
{
    /// <summary>How long after its waking a paused node may still finish the sentence in which it was stopped.</summary>
    private static readonly TimeSpan MidSentence = TimeSpan.FromMilliseconds(500);

    private readonly ILookup<int, Call> calls = log.Where(seen => seen.Kind == SeenKind.Begin).Select(Call.Read).ToLookup(call => call.No);
    private readonly Dictionary<long, long> ends = log.Where(seen => seen.Kind == SeenKind.End).ToDictionary(seen => seen.Call, seen => seen.No);
    private readonly Dictionary<(string, string), Seen> reported = log.Where(seen => seen.Kind == SeenKind.Reported).GroupBy(seen => (seen.Run, seen.Key)).ToDictionary(group => group.Key, group => group.First());

    private readonly IReadOnlyList<Seen> repeated = Seen.Repeated(log);

    /// <summary>
    /// Calls after the outcome that their node had begun before it was stopped, and whose first byte it sent after it was woken. Nobody can hold such a call
    /// back but the receiver, by its idempotency key: the moment between a look at the clock and the first byte cannot be made zero.
    /// </summary>
    public ImmutableArray<Seen> Late => [.. repeated.Where(WasMidSentence)];

    public IEnumerable<string> All() => [.. Ends(), .. Repetitions(), .. Effects(), .. Orders(), .. Crowds(), .. Outputs(), .. Doubles(), .. Deaths()];

    private IEnumerable<string> Ends() => from run in runs where run.Ended != run.Script.End select $"{Name(run)} should be {run.Script.End}, and is {run.Ended ?? "not ended"}{(run.Error is null ? "" : $": {run.Error}")}";

    private IEnumerable<string> Repetitions() =>
        from seen in repeated
        where !WasMidSentence(seen)
        let known = reported[(seen.Run, seen.Key)]
        select $"{seen.Run} {seen.Key} was called by {seen.Caller} at {seen.Time:HH:mm:ss.fff} (line {seen.No}), {(seen.Time - known.Time).TotalSeconds:0.000} s after its outcome was seen (line {known.No})";

    /// <summary>Each run had every effect of its script, and no other.</summary>
    private IEnumerable<string> Effects() =>
        from run in runs
        where run.Ended == run.Script.End   // else it is named already
        let heard = calls[run.No].Select(call => call.What).ToHashSet(StringComparer.Ordinal)
        from fault in run.Script.Effects.Except(heard).Select(missing => $"never did '{missing}'").Concat(heard.Except(run.Script.Effects).Select(odd => $"did '{odd}', which is not in its script"))
        select $"{Name(run)} {fault}";

    private IEnumerable<string> Orders() =>
        from run in runs
        from pair in run.Script.Order
        let first = calls[run.No].Where(call => call.What == pair.First).Select(call => ends.GetValueOrDefault(call.Seen.No, long.MaxValue)).DefaultIfEmpty(long.MaxValue).Min()
        let then = calls[run.No].Where(call => call.What == pair.Then).Select(call => call.Seen.No).DefaultIfEmpty(long.MaxValue).Min()
        where then < first
        select $"{Name(run)} began '{pair.Then}' (line {then}) before '{pair.First}' was answered (line {first})";

    /// <summary>No more runs of a limited script were open at once than it allows. A run is open at least from its first effect's beginning to its last one's first end.</summary>
    private IEnumerable<string> Crowds()
    {
        foreach (var script in runs.Select(run => run.Script).Where(script => script.Limit is not null).Distinct())
        {
            var spans = from run in runs
                        where run.Script == script
                        let begun = calls[run.No].Select(call => call.Seen.No).DefaultIfEmpty(long.MaxValue).Min()
                        let done = calls[run.No].Where(call => call.What == script.Last).Select(call => ends.GetValueOrDefault(call.Seen.No, long.MaxValue)).DefaultIfEmpty(long.MaxValue).Min()
                        where begun < long.MaxValue
                        select (begun, done);
            var open = 0;
            foreach (var (line, change) in spans.SelectMany(span => new[] { (span.begun, 1), (span.done, -1) }).Order())
            {
                open += change;
                if (open <= script.Limit || change < 0) continue;
                yield return $"{open} runs of {script.Name} were open at line {line}; {script.Limit} may be";
                break;
            }
        }
    }

    /// <summary>What a run gives out as its steps' outcomes are answers that it was really given.</summary>
    private IEnumerable<string> Outputs() =>
        from run in runs
        where run.Ended == "completed"
        let answered = run.Output is { ValueKind: JsonValueKind.Object } output && output.TryGetProperty("call", out var call) && call.TryGetInt64(out var number) ? number : 0
        where !calls[run.No].Any(call => call.Seen.No == answered && call.What == run.Script.Last)
        select $"{Name(run)} gives the outcome of call {answered}, which was not its own";

    private IEnumerable<string> Doubles() => from run in runs.GroupBy(run => run.Id) where run.Count() > 1 select $"{run.Key} is the answer to {run.Count()} requests with different keys";

    private IEnumerable<string> Deaths() =>
    [
        .. from node in nodes where node.Deaths > 0 select $"{node.Name} ended by itself {node.Deaths} times",
        .. from node in nodes where node.Traces > 0 select $"{node.Name} could not start {node.Traces} times and said so by a stack trace",
    ];

    private bool WasMidSentence(Seen seen)
    {
        var known = reported[(seen.Run, seen.Key)];
        return nodes.FirstOrDefault(node => node.Name == seen.Caller)?.Pauses.Any(pause =>
                pause.Until is { } woken && known.Time > pause.From && seen.Time >= woken && seen.Time - woken < MidSentence
                && !log.Any(other => other.Kind == SeenKind.Begin && other.No < seen.No && other.Time > pause.From - MidSentence && (other.Run, other.Key, other.Caller) == (seen.Run, seen.Key, seen.Caller))) == true;
    }

    private static string Name(AcknowledgedRun run) => $"{run.Id} (no. {run.No}, {run.Script.Name})";

    /// <summary>One call, with what its body says of it.</summary>
    private sealed record Call(Seen Seen, int No, string What)
    {
        public static Call Read(Seen seen)
        {
            using var body = JsonDocument.Parse(seen.Body ?? "{}");
            return new Call(seen, body.RootElement.TryGetProperty("no", out var no) ? no.GetInt32() : 0, body.RootElement.TryGetProperty("what", out var what) ? what.GetString()! : "");
        }
    }
}
