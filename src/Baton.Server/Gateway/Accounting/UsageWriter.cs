using System.Threading.Channels;
using Baton.Engine;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Writes calls down behind their answers: one consumer, in batches. While the database is away it keeps a batch and tries again; the rows of single calls that come meanwhile
/// have room up to a number, then they are dropped and counted, but what was used and what it cost goes into sums in memory and is written later. A process that is killed loses what it
/// had not written: the calls of the last <see cref="UsageOptions.WriteInterval"/>, or of the outage.
/// </summary>
internal sealed class UsageWriter(UsageStore store, IOptions<UsageOptions> options, TimeProvider time, ILogger<UsageWriter> log) : BackgroundService
{
    public const int Capacity = 8_192;

    private const int BatchSize = 1_024;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), LastChance = TimeSpan.FromSeconds(5);

    private readonly Channel<UsageRecord> rows = Channel.CreateBounded<UsageRecord>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly Lock gate = new();
    private readonly List<UsageRecord> taken = new(BatchSize);
    private RollUp overflow = new();
    private RollUp sums = new();
    private long dropped;

    /// <summary>Rows of single calls that were not written because there was no room; their sums were, or will be.</summary>
    public long Dropped => Interlocked.Read(ref dropped);

    /// <summary>Takes a call to be written. Never waits.</summary>
    public void Record(UsageRecord call)
    {
        if (rows.Writer.TryWrite(call)) return;
        Interlocked.Increment(ref dropped);
        lock (gate) overflow.Add(call);
    }

    /// <summary>Writes what has come: a batch at most of single calls, and all sums.</summary>
    /// <returns>Whether there was anything.</returns>
    /// <exception cref="StorageUnavailableException">Nothing was written; it is kept, and written by the next call.</exception>
    public async Task<bool> RunOnceAsync()
    {
        while (taken.Count < BatchSize && rows.Reader.TryRead(out var call))
        {
            taken.Add(call);
            sums.Add(call);
        }
        RollUp? spilt = null;
        lock (gate)
        {
            if (overflow.Rows.Count > 0) (spilt, overflow) = (overflow, new RollUp());
        }
        if (spilt is not null) sums.Add(spilt);
        if (sums.Rows.Count == 0) return false;
        await store.AddAsync(taken, sums);
        taken.Clear();
        sums = new RollUp();
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var isDown = false;
        while (await NextAsync(stoppingToken))
        {
            try
            {
                while (await RunOnceAsync() && rows.Reader.Count >= BatchSize) { }
                if (isDown) log.UsageIsWritten(Dropped);
                isDown = false;
            }
            catch (Exception e)   // the edge of a background loop: what was taken is kept
            {
                if (!isDown) log.UsageWaits(e.Message);
                isDown = true;
                await WaitAsync(Pause, stoppingToken);
            }
        }
    }

    /// <summary>After the server's last answer: what is left is written, or said to be lost.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        rows.Writer.TryComplete();
        try
        {
            using var patience = new CancellationTokenSource(LastChance, time);
            while (await RunOnceAsync().WaitAsync(patience.Token)) { }
        }
        catch (Exception e) when (e is StorageUnavailableException or OperationCanceledException)
        {
            log.UsageIsLost(taken.Count + rows.Reader.Count, e.Message);
        }
    }

    /// <summary>Waits for a call, and a little longer for others.</summary>
    /// <returns>False when the server stops.</returns>
    private async Task<bool> NextAsync(CancellationToken stopping)
    {
        if (taken.Count == 0 && !await AnyAsync(stopping)) return false;
        if (rows.Reader.Count < BatchSize) await WaitAsync(options.Value.WriteInterval, stopping);
        return !stopping.IsCancellationRequested;
    }

    private async Task<bool> AnyAsync(CancellationToken stopping)
    {
        try
        {
            return await rows.Reader.WaitToReadAsync(stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return false;
        }
    }

    private Task WaitAsync(TimeSpan wait, CancellationToken stopping) => Task.Delay(wait, time, stopping).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
