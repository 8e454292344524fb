using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Baton.Load;

/// <summary>Debian's nginx, with a configuration and a port of its own.</summary>
internal sealed class NginxProcess : IAsyncDisposable
{
    private const string Answer = """{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Three parcels were late on Monday, because of the rain."},"finish_reason":"stop"}],"usage":{"prompt_tokens":300,"completion_tokens":12,"total_tokens":312}}""";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(10), Patience = TimeSpan.FromSeconds(20);

    private readonly Process process;
    private readonly DirectoryInfo folder;

    private NginxProcess(Process process, DirectoryInfo folder, int port) => (this.process, this.folder, Address) = (process, folder, new Uri($"http://127.0.0.1:{port}/"));

    public Uri Address { get; }

    /// <summary>The processes that do the work.</summary>
    public IReadOnlyList<int> Workers => [.. File.ReadAllText($"/proc/{process.Id}/task/{process.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pid => int.Parse(pid, System.Globalization.CultureInfo.InvariantCulture))];

    /// <exception cref="BenchException">A program is missing.</exception>
    public static void Require()
    {
        foreach (var tool in (string[])["nginx", "wrk", "taskset"])
        {
            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Any(path => File.Exists(Path.Combine(path, tool)))) throw new BenchException($"{tool} is missing. Install it, on Debian: apt-get install nginx-light wrk util-linux");
        }
    }

    /// <summary>Answers each request with the same completion at once.</summary>
    /// <param name="port">Where it listens; null for a free one.</param>
    public static async Task<GatewayUpstream> UpstreamAsync(int? port = null)
    {
        var nginx = await StartAsync($"location / {{ default_type application/json; return 200 '{Answer}'; }}", "", isPinned: false, port ?? FreePort());
        return new GatewayUpstream(nginx.Address, nginx);
    }

    /// <summary>Hands on what comes, over connections that stay, event by event.</summary>
    public static Task<NginxProcess> ProxyAsync(Uri upstream) => StartAsync(
        "location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection \"\"; proxy_buffering off; proxy_request_buffering off; }",
        $"upstream up {{ server {upstream.Authority}; keepalive 256; keepalive_requests 100000000; }}", isPinned: true, FreePort());

    private static async Task<NginxProcess> StartAsync(string location, string upstream, bool isPinned, int port)
    {
        var place = Directory.CreateTempSubdirectory("baton-nginx-");
        var file = Path.Combine(place.FullName, "nginx.conf");
        await File.WriteAllTextAsync(file, $$"""
            daemon off; worker_processes 1; error_log {{place.FullName}}/error.log; pid {{place.FullName}}/pid; worker_rlimit_nofile 8192;
            events { worker_connections 4096; }
            http {
              access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 100000000; keepalive_timeout 300; tcp_nodelay on;
              client_body_temp_path {{place.FullName}}/b; proxy_temp_path {{place.FullName}}/p; fastcgi_temp_path {{place.FullName}}/f; uwsgi_temp_path {{place.FullName}}/u; scgi_temp_path {{place.FullName}}/s;
              {{upstream}}
              server { listen 127.0.0.1:{{port}}; {{location}} }
            }
            """);
        var started = Process.Start(Processors.Start(["/usr/sbin/nginx", "-e", $"{place.FullName}/error.log", "-c", file], isPinned))!;
        var nginx = new NginxProcess(started, place, port);
        for (var began = Stopwatch.GetTimestamp(); !await ListensAsync(port); await Task.Delay(Look, TimeProvider.System))
        {
            if (started.HasExited || Stopwatch.GetElapsedTime(began) > Patience) throw new BenchException($"nginx did not start: {await File.ReadAllTextAsync($"{place.FullName}/error.log")}");
        }
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        folder.Delete(recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

/// <summary>Who may use which processor.</summary>
internal static class Processors
{
    /// <param name="isPinned">The first processor for it alone; else it shares that of this process.</param>
    public static ProcessStartInfo Start(IReadOnlyList<string> command, bool isPinned)
    {
        IReadOnlyList<string> whole = isPinned ? ["taskset", "-c", "0", .. command] : command;
        return new ProcessStartInfo(whole[0], whole.Skip(1)) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
    }
}
