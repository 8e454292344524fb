using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Baton.TestBed;

/// <summary>What a recorder has seen.</summary>
public enum SeenKind
{
    /// <summary>A call came in: the effect happens from here on.</summary>
    Begin,

    /// <summary>The call is about to be answered, or its caller has gone.</summary>
    End,

    /// <summary>An observer saw the step's outcome where only durable things stand.</summary>
    Reported,
}

/// <summary>One line of a recorder's log.</summary>
/// <param name="No">The place in the one order of everything that it saw, from 1.</param>
/// <param name="Run">The first part of the call's idempotency key.</param>
/// <param name="Key">The rest: the step's key within its run.</param>
/// <param name="Call">Which call it belongs to: the number of its <see cref="SeenKind.Begin"/>; 0 for what was reported.</param>
/// <param name="Times">How many calls for this step had begun by then.</param>
/// <param name="Path">What was called.</param>
/// <param name="Caller">What the call says of its sender, in <c>X-Caller</c>.</param>
/// <param name="Body">What the call carried; at its beginning only.</param>
public sealed record Seen(long No, DateTimeOffset Time, SeenKind Kind, string Run, string Key, long Call, int Times, string? Path, string? Caller, string? Body)
{
    /// <summary>Calls that began after their step's outcome had been reported: what must never happen.</summary>
    public static IReadOnlyList<Seen> Repeated(IReadOnlyCollection<Seen> log)
    {
        var reported = log.Where(seen => seen.Kind == SeenKind.Reported).GroupBy(seen => (seen.Run, seen.Key)).ToDictionary(group => group.Key, group => group.First().No);
        return [.. log.Where(seen => seen.Kind == SeenKind.Begin && reported.TryGetValue((seen.Run, seen.Key), out var since) && seen.No > since)];
    }
}

/// <summary>
/// The outside world of a run: a server that takes every call, writes down when it began and ended, in one order with what observers report, and
/// answers 200 with <c>{"call":N,"times":N}</c>. It can be slow, and fail when told so: by its owner, or by the call itself (<c>?delay_ms=20</c>,
/// <c>?fail_times=2</c>: the first calls of a run with this address and body). Its log outlives whatever it observes.
/// </summary>
public sealed class Recorder : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly WebApplication app;
    private readonly StreamWriter? file;
    private readonly Lock gate = new();
    private readonly List<Seen> log = [];
    private readonly Dictionary<(string Run, string Key), int> times = [];
    private readonly ConcurrentDictionary<(string Run, string Path, string Body), int> alike = [];
    private readonly ConcurrentQueue<HttpStatusCode> failures = [];
    private long delayTicks;

    private Recorder(WebApplication app, StreamWriter? file) => (this.app, this.file) = (app, file);

    /// <summary>Raised with every line of the log, while it is written: be quick.</summary>
    public event Action<Seen>? Saw;

    public Uri Address { get; private set; } = new("http://localhost");

    public Uri this[string path] => new(Address, path);

    /// <summary>How long a call takes that does not say so itself.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref delayTicks));
        set => Interlocked.Exchange(ref delayTicks, value.Ticks);
    }

    /// <summary>Everything so far, in order.</summary>
    public ImmutableArray<Seen> Log
    {
        get
        {
            lock (gate) return [.. log];
        }
    }

    /// <inheritdoc cref="Seen.Repeated"/>
    public IReadOnlyList<Seen> Repeated => Seen.Repeated(Log);

    /// <param name="file">A file that gets each line of the log as JSON.</param>
    public static async Task<Recorder> StartAsync(string? file = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var built = builder.Build();
        var recorder = new Recorder(built, file is null ? null : new StreamWriter(file, append: true) { AutoFlush = true });
        built.Run(recorder.AnswerAsync);
        await built.StartAsync();
        recorder.Address = new Uri(built.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return recorder;
    }

    /// <summary>The next calls, as many as there are statuses, end with these instead of 200.</summary>
    public void FailNext(params IEnumerable<HttpStatusCode> statuses)
    {
        foreach (var status in statuses) failures.Enqueue(status);
    }

    /// <summary>Writes down that the outcome of a step has been seen as durable: no call for it may begin from here on.</summary>
    public void Report(string run, string key) => Write(SeenKind.Reported, run, key);

    /// <summary>How often a call for this step began.</summary>
    public int Times(string run, string key)
    {
        lock (gate) return times.GetValueOrDefault((run, key));
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await app.StopAsync(now.Token);
        await app.DisposeAsync();
        lock (gate) file?.Dispose();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        var parts = http.Request.Headers["Idempotency-Key"].ToString().Split('/', 2);
        var (run, key) = (parts[0], parts.Length == 2 ? parts[1] : "");
        var path = $"{http.Request.Path}{http.Request.QueryString}";
        var begin = Write(SeenKind.Begin, run, key, path: path, caller: http.Request.Headers["X-Caller"], body: body is "" ? null : body);
        try
        {
            var delay = int.TryParse(http.Request.Query["delay_ms"], out var asked) ? TimeSpan.FromMilliseconds(asked) : Delay;
            if (delay > TimeSpan.Zero) await Task.Delay(delay, TimeProvider.System, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller died meanwhile. What it asked for has happened nevertheless.
        }
        Write(SeenKind.End, run, key, begin);   // before the answer: what follows from it then stands behind it
        http.Response.StatusCode = (int)Status(http.Request, alike.AddOrUpdate((run, path, body), 1, (_, before) => before + 1));
        try
        {
            await http.Response.WriteAsJsonAsync(new { call = begin.No, times = begin.Times }, http.RequestAborted);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // As above.
        }
    }

    /// <param name="count">Which call of its kind it is: a retry may have another key.</param>
    private HttpStatusCode Status(HttpRequest request, int count) =>
        int.TryParse(request.Query["fail_times"], out var failing) && count <= failing ? HttpStatusCode.ServiceUnavailable
        : failures.TryDequeue(out var status) ? status : HttpStatusCode.OK;

    private Seen Write(SeenKind kind, string run, string key, Seen? begin = null, string? path = null, string? caller = null, string? body = null)
    {
        lock (gate)
        {
            var no = log.Count + 1L;
            if (kind == SeenKind.Begin) times[(run, key)] = times.GetValueOrDefault((run, key)) + 1;
            var seen = new Seen(no, TimeProvider.System.GetUtcNow(), kind, run, key, begin?.No ?? (kind == SeenKind.Begin ? no : 0), times.GetValueOrDefault((run, key)), path ?? begin?.Path, caller ?? begin?.Caller, body);
            log.Add(seen);
            file?.WriteLine(JsonSerializer.Serialize(seen, Json));
            Saw?.Invoke(seen);
            return seen;
        }
    }
}
