using System.Diagnostics;
using System.Text;

namespace Baton.Load;

/// <summary>What stands between the load and the upstream.</summary>
/// <param name="Pids">Its processes; none for a call without anything between.</param>
internal sealed record GatewaySubject(string Name, Uri Address, IReadOnlyList<int> Pids, string? Key, IAsyncDisposable? Owner) : IAsyncDisposable
{
    /// <summary>Code that is compiled while it runs, on the one processor that it has, is ready late: after half a minute of load.</summary>
    private static readonly TimeSpan Ready = TimeSpan.FromSeconds(2), Compiled = TimeSpan.FromSeconds(30);

    public bool HasProcess => Pids.Count > 0;

    /// <summary>How long it is loaded before it is measured.</summary>
    public TimeSpan WarmUp => Owner is ServerProcess ? Compiled : Ready;

    /// <summary>Of all its processes since they began, user and system.</summary>
    public double CpuMicroseconds => Sum(static process => process.TotalProcessorTime.TotalMicroseconds);

    public double RssMb => Sum(static process => process.WorkingSet64) / 1e6;

    public static GatewaySubject Direct(Uri upstream) => new("direct", upstream, [], null, null);

    public static async Task<GatewaySubject> NginxAsync(Uri upstream)
    {
        var nginx = await NginxProcess.ProxyAsync(upstream);
        return new GatewaySubject("nginx", nginx.Address, nginx.Workers, null, nginx);
    }

    public static async Task<GatewaySubject> BatonAsync(BenchDatabases databases, Uri upstream, bool isFull)
    {
        var (database, settings) = (await databases.NewAsync(DatabaseKind.Sqlite), GatewaySettings.Of(upstream, isFull));
        var key = await PrepareAsync(database, settings, isFull);
        var server = await ServerProcess.StartGatewayAsync(database, settings);
        return new GatewaySubject(isFull ? "baton-full" : "baton-bare", server.Address, [server.Pid], key, server);
    }

    /// <summary>By a server that serves the API: it makes the tables, which is not the gateway's to be measured by, and the key.</summary>
    /// <returns>The key; null where none is wanted.</returns>
    private static async Task<string?> PrepareAsync(BenchDatabase database, (string, string)[] settings, bool hasKey)
    {
        await using var server = await ServerProcess.StartAsync(database, settings);
        return hasKey ? await GatewaySettings.NewKeyAsync(server) : null;
    }

    /// <summary>A request in the bytes of HTTP/1.1.</summary>
    public byte[] Request(byte[] body) =>
    [
        .. Encoding.ASCII.GetBytes($"POST /v1/chat/completions HTTP/1.1\r\nHost: {Address.Authority}\r\nContent-Type: application/json\r\n{(Key is null ? "" : $"Authorization: Bearer {Key}\r\n")}Content-Length: {body.Length}\r\n\r\n"), .. body,
    ];

    public async ValueTask DisposeAsync()
    {
        if (Owner is not null) await Owner.DisposeAsync();
    }

    private double Sum(Func<Process, double> figure) => Pids.Sum(pid =>
    {
        using var process = Process.GetProcessById(pid);
        return figure(process);
    });
}
