using System.Diagnostics;
using System.Diagnostics.Metrics;
using Baton.Engine;
using Baton.Engine.Steps;
using Baton.Server.Cluster;
using Microsoft.Extensions.Options;

namespace Baton.Server.Notifications;

/// <summary>Sends what is in the outbox, each row to its channel, again and again until it is taken or given up. What fails here fails no run.</summary>
internal sealed class NotificationSender(Outbox outbox, Webhook webhook, IOptions<NotificationOptions> options, TimeProvider time, ILogger<NotificationSender> log) : BackgroundService
{
    private const int MaxTaken = 20;

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30), LongestDelay = TimeSpan.FromHours(1);

    private static readonly Meter Meter = new("Baton.Notifications");

    private static readonly Counter<long> Delivered = Meter.CreateCounter<long>("baton.notifications.delivered", description: "Notifications that a channel took."),
        Failed = Meter.CreateCounter<long>("baton.notifications.failed", description: "Attempts at a notification that failed."),
        GivenUp = Meter.CreateCounter<long>("baton.notifications.given_up", description: "Notifications that nobody took in the end.");

    private readonly Signal added = new(time);

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        outbox.Added += added.Set;
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var (sent, next) = await RunOnceAsync(stoppingToken);
                if (!sent) await added.WaitAsync(next, LongestWait, stoppingToken);   // by then something may be due that another node has written
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (StorageUnavailableException e)
            {
                log.OutboxUnavailable(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
            catch (Exception e)   // the edge of a background loop
            {
                log.SenderFailed(e);
                await Task.Delay(TimeSpan.FromSeconds(1), time, CancellationToken.None);
            }
        }
    }

    /// <summary>Sends what is due now.</summary>
    /// <returns>Whether there was anything, and when the next is due.</returns>
    public async Task<(bool Sent, DateTimeOffset? Next)> RunOnceAsync(CancellationToken cancel)
    {
        var (rows, next) = await outbox.TakeAsync(MaxTaken, options.Value.Timeout * 2);
        await Task.WhenAll(rows.Select(row => SendAsync(row, cancel)));
        return (rows.Count > 0, next);
    }

    private async Task SendAsync(OutboxRow row, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.Value.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancel);
        string fault;
        try
        {
            await DeliverAsync(row, either.Token);
            await outbox.RemoveAsync(row);
            Delivered.Add(1, Tags(row));
            return;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;   // the row is due again when its lease is over
        }
        catch (OperationCanceledException)
        {
            fault = $"not taken within {options.Value.Timeout.TotalSeconds:0.###} s";
        }
        catch (StorageUnavailableException)
        {
            return;   // likewise: it may be delivered twice, and its id says so
        }
        catch (Exception e)   // the edge of a notifier: whatever it throws is a delivery that failed
        {
            fault = e.Message;
        }
        await FailAsync(row, fault);
    }

    private static TagList Tags(OutboxRow row) => new() { { "tenant_id", row.Tenant.Value }, { "channel", row.Channel } };

    private async Task FailAsync(OutboxRow row, string fault)
    {
        Failed.Add(1, Tags(row));
        var isLast = row.Attempts >= options.Value.MaxAttempts;
        var due = isLast ? (DateTimeOffset?)null : time.GetUtcNow() + Backoff.Delay(BackoffKind.Exponential, options.Value.FirstDelay, row.Attempts, LongestDelay);
        if (isLast)
        {
            GivenUp.Add(1, Tags(row));
            log.GivenUp(row.Id, row.Kind, row.Channel, row.Attempts, fault);
        }
        else log.NotDelivered(row.Id, row.Kind, row.Channel, row.Attempts, fault);
        try
        {
            await outbox.FailAsync(row, due, fault);
        }
        catch (StorageUnavailableException)
        {
            // The row is due again when its lease is over.
        }
    }

    private Task DeliverAsync(OutboxRow row, CancellationToken cancel)
    {
        if (!options.Value.Channels.TryGetValue(row.Channel, out var channel))
        {
            if (row.Channel != Outbox.Log) throw new InvalidOperationException($"there is no channel '{row.Channel}' under Notifications:Channels. {Nearest.Hint(row.Channel, options.Value.Channels.Keys)}");
            channel = new ChannelOptions();
        }
        switch (channel.Kind)
        {
            case ChannelKind.Webhook: return webhook.SendAsync(channel, row, cancel);
            case ChannelKind.Smtp: return Mail.SendAsync(channel, row, cancel);
            default:
                log.Notified(row.Kind, row.Subject);
                return Task.CompletedTask;
        }
    }
}
