using System.Data.Common;
using System.Globalization;
using System.Threading.Channels;
using Baton.Client;
using Baton.Engine;
using Baton.Server.Cluster;
using Baton.Server.Http;
using Baton.Server.Storage;

namespace Baton.Server.Workflows;

/// <summary>Follows a run's journal as it grows: what is watched is what is durable, and work in progress beside it.</summary>
internal sealed class RunFollower(RunQueries queries, Wakeups wakeups, StepFeed steps, Database database, TimeProvider time, IHostApplicationLifetime lifetime)
{
    private const int MaxEntriesAtOnce = 500;

    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(15);

    // What another node does for the run is seen by looking: this process is told of its own writes only.
    private readonly TimeSpan longestWait = database.Dialect == Dialect.Sqlite ? Beat : TimeSpan.FromMilliseconds(500);

    /// <summary>Writes the run's events until it ends: entries after <paramref name="after"/> with ids to resume from, steps that begin, changes of state.</summary>
    public async Task StreamAsync(TenantId tenant, RunId run, long after, EventStream stream, CancellationToken cancel)
    {
        try
        {
            await FollowAsync(tenant, run, after, stream, cancel);
        }
        catch (DbException)
        {
            // The stream has begun, so no problem can be told: it ends, and whoever resumes it is told.
        }
    }

    private async Task FollowAsync(TenantId tenant, RunId run, long after, EventStream stream, CancellationToken cancel)
    {
        var begun = Channel.CreateBounded<StepStarted>(new BoundedChannelOptions(1_024) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
        var changed = new Signal(time);
        using var watchSteps = steps.Watch(run, step =>
        {
            begun.Writer.TryWrite(step);
            changed.Set();
        });
        using var watchRun = wakeups.Watch(run, changed.Set);
        await using var watchEnd = lifetime.ApplicationStopping.Register(changed.Set);
        await stream.OpenAsync();
        string? state = null;
        var written = time.GetTimestamp();
        while (!cancel.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested)
        {
            while (begun.Reader.TryRead(out var step)) await stream.WriteAsync("step_started", null, new StepStartedView(step.Key, step.Label, step.Attempt, step.At), WireJson.Web.StepStartedView);
            if (await queries.FindAsync(tenant, run, cancel) is not { } row) return;   // removed meanwhile
            var (entries, hasMore) = await queries.JournalAsync(tenant, row, after, MaxEntriesAtOnce, cancel);
            foreach (var entry in entries)
            {
                await stream.WriteAsync("entry", entry.Seq.ToString(CultureInfo.InvariantCulture), Views.Entry(entry), WireJson.Web.JournalEntryView);
                after = entry.Seq;
                written = time.GetTimestamp();
            }
            if (hasMore) continue;
            if (row.State != state)
            {
                await stream.WriteAsync("state", null, row.ToView(), WireJson.Web.RunView);
                state = row.State;
            }
            if (row.IsTerminal) return;
            if (await changed.WaitAsync(longestWait, cancel) || time.GetElapsedTime(written) < Beat) continue;
            await stream.BeatAsync();
            written = time.GetTimestamp();
        }
    }

    /// <summary>Waits until the run ends or the time is up.</summary>
    public async Task WaitForEndAsync(TenantId tenant, RunId run, TimeSpan most, CancellationToken cancel)
    {
        var changed = new Signal(time);
        using var watch = wakeups.Watch(run, changed.Set);
        await using var watchEnd = lifetime.ApplicationStopping.Register(changed.Set);
        var until = time.GetUtcNow() + most;
        while (time.GetUtcNow() < until && !lifetime.ApplicationStopping.IsCancellationRequested && await queries.FindAsync(tenant, run, cancel) is { IsTerminal: false })
        {
            await changed.WaitAsync(until, longestWait, cancel);
        }
    }
}
