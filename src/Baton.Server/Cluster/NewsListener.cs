using Baton.Server.Storage;
using Npgsql;

namespace Baton.Server.Cluster;

/// <summary>
/// Hears on PostgreSQL what other nodes tell with their commits, and hands it to this process. Its session also holds this node's name, so that no
/// other process takes it.
/// </summary>
internal sealed class NewsListener(Database database, Node node, Wakeups wakeups, TimeProvider time, ILogger<NewsListener> log) : BackgroundService
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5), Again = TimeSpan.FromMilliseconds(200);

    private NpgsqlConnection? connection;

    /// <summary>Connects, and takes this node's name.</summary>
    /// <param name="patience">How long to wait for a process of that name that is about to end.</param>
    /// <returns>False when another process keeps the name.</returns>
    public async Task<bool> ConnectAsync(TimeSpan patience, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        while (!await TryConnectAsync(cancel))
        {
            if (time.GetElapsedTime(since) > patience) return false;
            await Task.Delay(Again, time, cancel);
        }
        return true;
    }

    public override void Dispose()
    {
        connection?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (database is not PostgresDatabase) return;
        for (var wait = Again; ; wait = wait < LongestWait ? wait * 2 : LongestWait)
        {
            try
            {
                if (connection is null && await TryConnectAsync(stoppingToken))
                {
                    log.ListensAgain();
                    wakeups.Anything();   // what was told meanwhile was missed
                    wait = Again;
                }
                if (connection is not null) await connection.WaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or IOException or InvalidOperationException or ObjectDisposedException)
            {
                log.ListeningFailed(e.Message);
                await DisconnectAsync();
            }
            if (connection is null) await Task.Delay(wait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryConnectAsync(CancellationToken cancel)
    {
        var postgres = (PostgresDatabase)database;
        var opened = await postgres.ConnectAsync(cancel);
        try
        {
            opened.Notification += (_, news) => Hear(news.Payload);
            await using var command = new NpgsqlCommand($"""
                SET statement_timeout = 0; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
                LISTEN "baton.{postgres.Address.Schema}"; SELECT pg_try_advisory_lock(hashtextextended('baton.{postgres.Address.Schema}.{node.Id}', 0))
                """, opened);
            if ((bool)(await command.ExecuteScalarAsync(cancel))!)
            {
                connection = opened;
                return true;
            }
        }
        catch
        {
            await CloseAsync(opened);
            throw;
        }
        await CloseAsync(opened);
        return false;
    }

    private void Hear(string payload)
    {
        var lines = payload.Split('\n');
        if (lines[0] == NodeNews.From(node.Id)) return;   // told here already
        foreach (var line in lines.Skip(1)) NodeNews.Tell(line, wakeups);
    }

    private async Task DisconnectAsync()
    {
        if (connection is not { } broken) return;
        connection = null;
        await CloseAsync(broken);
    }

    /// <summary>Not back to the pool: its session listens and holds a lock.</summary>
    private static async Task CloseAsync(NpgsqlConnection one)
    {
        NpgsqlConnection.ClearPool(one);
        await one.DisposeAsync();
    }
}
