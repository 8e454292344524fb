using Baton.Engine;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Gateway;

/// <summary>
/// Stands between the ledger and the database: knows the budgets, fetches slices before they are needed, and writes down what was spent, all of it in one transaction at a time. While nothing
/// is spent it is silent, but for the begin of a period.
/// </summary>
internal sealed class BudgetWriter(BudgetLedger ledger, BudgetStore store, Wakeups wakeups, NodeRegistry registry, IOptions<BudgetOptions> options, TimeProvider time, ILogger<BudgetWriter> log) : BackgroundService
{
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1), LastChance = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromHours(1), Crowd = TimeSpan.FromMilliseconds(10);

    private readonly SemaphoreSlim passing = new(1);
    private volatile bool isStale = true;
    private bool isDown;

    /// <summary>Before the first request: the budgets are known, and there is a slice of each.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        wakeups.BudgetsChangedElsewhere += OnChanged;
        wakeups.NewsMissed += OnChanged;
        wakeups.BudgetsWantedElsewhere += ledger.Yield;
        registry.Lapsed += ledger.Retell;
        await RunOnceAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Reads the budgets anew: they were changed here.</summary>
    public async Task ReloadAsync(CancellationToken cancel)
    {
        isStale = true;
        await RunOnceAsync(cancel);
    }

    /// <summary>One look at the budgets, where they may have changed, and one transaction, where there is anything to tell.</summary>
    /// <returns>Whether there was.</returns>
    /// <exception cref="StorageUnavailableException">Nothing was written; the next pass tells it again.</exception>
    public async Task<bool> RunOnceAsync(CancellationToken cancel)
    {
        await passing.WaitAsync(cancel);
        try
        {
            if (isStale)
            {
                isStale = false;
                try
                {
                    ledger.Replace(await store.AllAsync(cancel));
                }
                catch
                {
                    isStale = true;
                    throw;
                }
            }
            return await PassAsync(isLast: false);
        }
        finally
        {
            passing.Release();
        }
    }

    /// <summary>After the last answer: what was spent is written down, and the rest given back.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        wakeups.BudgetsChangedElsewhere -= OnChanged;
        wakeups.NewsMissed -= OnChanged;
        wakeups.BudgetsWantedElsewhere -= ledger.Yield;
        registry.Lapsed -= ledger.Retell;
        await base.StopAsync(cancellationToken);
        try
        {
            await PassAsync(isLast: true).WaitAsync(LastChance, time, CancellationToken.None);
        }
        catch (Exception e) when (e is StorageUnavailableException or TimeoutException)
        {
            log.BudgetsLeft(e.Message);
        }
    }

    public override void Dispose()
    {
        passing.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ledger.Changed.WaitAsync(ledger.NextRoll, Silence, stoppingToken);
                await ledger.Urgent.WaitAsync(options.Value.ReportInterval, stoppingToken);
                if (await RunOnceAsync(stoppingToken)) ledger.Changed.Set();   // what was lent for more than is used now goes back with the next pass
                if (isDown) log.BudgetsGoOn();
                isDown = false;
                if (ledger.IsShort) await Task.Delay(Crowd, time, stoppingToken);   // others need a moment to give something back
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StorageUnavailableException e)
            {
                if (!isDown) log.BudgetsWait(e.Message);
                await FailedAsync(stoppingToken);
            }
            catch (Exception e)   // the edge of a background loop
            {
                log.BudgetsFailed(e);
                await FailedAsync(stoppingToken);
            }
        }
    }

    private async Task FailedAsync(CancellationToken stopping)
    {
        isDown = true;
        await Task.Delay(AfterFailure, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ledger.Changed.Set();
        ledger.Urgent.Set();
    }

    private async Task<bool> PassAsync(bool isLast)
    {
        var reports = ledger.Gather(isLast, out var waiters);
        try
        {
            if (reports.Count == 0) return false;
            var grants = await (isLast ? store.CloseAsync(reports) : store.ReportAsync(reports));
            ledger.Take(reports, grants);
            if (Array.Exists(grants, static grant => grant is null)) OnChanged();   // calls that wait for a budget that is gone are not to wait for the news
            return true;
        }
        catch
        {
            ledger.Failed(reports);
            throw;
        }
        finally
        {
            waiters?.SetResult();
        }
    }

    private void OnChanged()
    {
        isStale = true;
        ledger.Changed.Set();
        ledger.Urgent.Set();
    }
}
